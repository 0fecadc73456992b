/**
 * In: the bytes of an OPA bundle (`opa build -t wasm`), or of its policy.wasm alone. Out: the module and its data, or
 * what is wrong. Pure. A small archive may unpack to gigabytes: what is unpacked is bounded.
 * Source: OPA "Bundle File Format". Signatures are not checked; a bundle is as trusted as the policy file beside it.
 */
import { gunzipSync } from "node:zlib";
import type { JsonObject } from "../../model.ts";
import { err, ok, type Result } from "../../result.ts";
import { readTar } from "./tar.ts";

export interface RegoModule {
  readonly wasm: Uint8Array;
  readonly data: JsonObject;
}

/** Bytes: of a file as read, and of an archive as unpacked. */
export const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

export function readBundle(bytes: Uint8Array): Result<RegoModule, string> {
  if (bytes.length > MAX_BUNDLE_BYTES) return err(`is larger than ${MAX_BUNDLE_BYTES} bytes`);
  let unpacked: Uint8Array;
  try {
    unpacked = gunzipSync(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch {
    return err("is no gzip archive, or unpacks to more than 64 MiB");
  }
  const files = readTar(unpacked);
  if (!files.ok) return files;
  const wasm = files.value.get("policy.wasm");
  if (wasm === undefined) return err("has no policy.wasm: build it with `opa build -t wasm -e …`");
  const data = files.value.get("data.json");
  if (data === undefined) return ok({ wasm: new Uint8Array(wasm), data: {} });
  const parsed = readData(data);
  return parsed === undefined
    ? err("its data.json is no JSON object")
    : ok({ wasm: new Uint8Array(wasm), data: parsed });
}

function readData(bytes: Uint8Array): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
