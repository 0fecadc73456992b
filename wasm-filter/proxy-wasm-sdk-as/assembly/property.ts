// What the proxy knows of a request, a connection or itself ("attributes" in Envoy's documentation).
// In: a path of names. Out: bytes as the proxy writes them; null is missing or unreadable, length 0 is present and empty.

import { Status } from "./abi";
import { nameArgument } from "./argument";
import { proxy_get_property, proxy_set_property } from "./env";
import { OUT_LENGTH, OUT_POINTER, resetOut, takeBytes } from "./received";
import { textOf } from "./text";

// The ABI joins the names of a path by NUL.
function join(path: string[]): string {
  return path.length == 1 ? path[0] : path.join("\0");
}

export function getProperty(path: string[]): Uint8Array | null {
  const key = nameArgument.put(join(path));
  resetOut();
  const status = proxy_get_property(key.pointer, key.length, OUT_POINTER, OUT_LENGTH);
  return status == Status.Ok ? takeBytes() : null;
}

export function getPropertyString(path: string[]): string | null {
  const value = getProperty(path);
  return value === null ? null : textOf(value);
}

/** A number as Envoy writes it, 8 bytes little endian; `missing` if it is not there or has another size. */
export function getPropertyInt(path: string[], missing: i64 = 0): i64 {
  const value = getProperty(path);
  return value === null || value.length != 8 ? missing : load<i64>(value.dataStart);
}

/** True only for a property that is there and one non-zero byte. */
export function getPropertyBool(path: string[]): bool {
  const value = getProperty(path);
  return value !== null && value.length == 1 && value[0] != 0;
}

/** Writes filter state; Envoy shows `["x"]` to access logs, RBAC and matchers as `wasm.x`. */
export function setProperty(path: string[], value: Uint8Array): Status {
  const key = nameArgument.put(join(path));
  return <Status>proxy_set_property(key.pointer, key.length, value.dataStart, <u32>value.length);
}
