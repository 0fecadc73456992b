// One header at a time. Names are compared without case by the host. Each write answers the host's Status.
// A threat to know: `getHeader` sees only the first of several lines of one custom header; code that decides on a header
// must walk `headerPairs`.

import { MapType, Status } from "./abi";
import { nameArgument, valueArgument } from "./argument";
import {
  proxy_add_header_map_value,
  proxy_get_header_map_size,
  proxy_get_header_map_value,
  proxy_remove_header_map_value,
  proxy_replace_header_map_value,
  proxy_set_header_map_pairs,
} from "./env";
import { encodePairs } from "./pair-encoding";
import { OUT_LENGTH, OUT_POINTER, resetOut, takeBytes } from "./received";
import { textOf } from "./text";

/** The first value; null if there is no such header or it cannot be read. */
export function getHeaderBytes(map: MapType, name: string): Uint8Array | null {
  const key = nameArgument.put(name);
  resetOut();
  const status = proxy_get_header_map_value(map, key.pointer, key.length, OUT_POINTER, OUT_LENGTH);
  return status == Status.Ok ? takeBytes() : null;
}

/** As `getHeaderBytes`, decoded strictly (`text.ts`). */
export function getHeader(map: MapType, name: string): string | null {
  const value = getHeaderBytes(map, name);
  return value === null ? null : textOf(value);
}

/** One line in place of all lines of that name. */
export function setHeader(map: MapType, name: string, value: string): Status {
  const key = nameArgument.put(name);
  const text = valueArgument.put(value);
  return <Status>proxy_replace_header_map_value(map, key.pointer, key.length, text.pointer, text.length);
}

export function setHeaderBytes(map: MapType, name: string, value: Uint8Array): Status {
  const key = nameArgument.put(name);
  return <Status>proxy_replace_header_map_value(map, key.pointer, key.length, value.dataStart, <u32>value.length);
}

/** One more line, beside those that are there. */
export function addHeader(map: MapType, name: string, value: string): Status {
  const key = nameArgument.put(name);
  const text = valueArgument.put(value);
  return <Status>proxy_add_header_map_value(map, key.pointer, key.length, text.pointer, text.length);
}

export function addHeaderBytes(map: MapType, name: string, value: Uint8Array): Status {
  const key = nameArgument.put(name);
  return <Status>proxy_add_header_map_value(map, key.pointer, key.length, value.dataStart, <u32>value.length);
}

/** Removes all lines of that name; Ok too if there was none. */
export function removeHeader(map: MapType, name: string): Status {
  const key = nameArgument.put(name);
  return <Status>proxy_remove_header_map_value(map, key.pointer, key.length);
}

/** As `removeHeader`, for a name of which only the bytes are known (`HeaderPairs.nameBytes`). */
export function removeHeaderBytes(map: MapType, name: Uint8Array): Status {
  return <Status>proxy_remove_header_map_value(map, name.dataStart, <u32>name.length);
}

/** Replaces the whole map. */
export function setHeaderPairs(map: MapType, pairs: Array<Array<string>>): Status {
  const encoded = encodePairs(pairs);
  return <Status>proxy_set_header_map_pairs(map, changetype<usize>(encoded), <u32>encoded.byteLength);
}

/** The map's size in bytes as the host counts it, -1 if it cannot be read. */
export function headerMapSize(map: MapType): i32 {
  resetOut();
  return proxy_get_header_map_size(map, OUT_POINTER) == Status.Ok ? <i32>load<u32>(OUT_POINTER) : -1;
}
