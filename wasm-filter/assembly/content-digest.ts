/**
 * Content-Digest of request bodies (RFC 9530 §2), sha-256 alone. In comes a body that the host holds, or the settings; out goes
 * the field's value. Effects: one host call.
 */
import { BufferType, getBuffer } from "proxy-wasm-sdk-as/assembly";
import { writeBase64 } from "./base64";
import { ByteWriter } from "./byte-writer";
import { ObjectReader } from "./configuration-reader";
import { sha256 } from "./sha256";
import { owe } from "./tidy";

export const DIGEST_HEADER = "content-digest";

/** `contentDigest`: the most bytes of a body; -1 = bodies are not looked at. */
export function readDigestBytes(from: ObjectReader): i32 {
  const reader = from.object("contentDigest");
  if (reader === null) return -1;
  const bytes = <i32>reader.integer("maxBytes", 65536, 0, 1048576);
  reader.finish();
  return bytes;
}

/** Of the `size` bytes that the host holds; empty when it does not show them. */
export function heldDigest(size: u32): Uint8Array {
  owe(<i32>size);
  let body: Uint8Array | null = new Uint8Array(0);
  if (size > 0) body = getBuffer(BufferType.HttpRequestBody, 0, size);
  return body === null || <u32>body.length != size ? new Uint8Array(0) : digestOf(body);
}

export function digestOf(body: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  out.text("sha-256=:");
  writeBase64(out, sha256(body));
  out.byte(0x3a);
  return out.take();
}
