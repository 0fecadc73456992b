// Bodies, TCP data, configuration and callout answers, read and replaced by range.

import { BufferType, Status } from "./abi";
import { proxy_get_buffer_bytes, proxy_get_buffer_status, proxy_set_buffer_bytes } from "./env";
import { OUT_LENGTH, OUT_POINTER, resetOut, takeBytes } from "./received";

/** Bytes `start` … `start + length` (cut at the end); null if there is no such buffer or it cannot be read. */
export function getBuffer(type: BufferType, start: u32, length: u32): Uint8Array | null {
  resetOut();
  const status = proxy_get_buffer_bytes(type, start, length, OUT_POINTER, OUT_LENGTH);
  return status == Status.Ok ? takeBytes() : null;
}

/** Replaces `length` bytes from `start` by `bytes`; length 0 at start 0 prepends, a start past the end appends. */
export function setBuffer(type: BufferType, start: u32, length: u32, bytes: Uint8Array): Status {
  return <Status>proxy_set_buffer_bytes(type, start, length, bytes.dataStart, <u32>bytes.length);
}

/** Bytes in the buffer, -1 if it cannot be read. */
export function bufferSize(type: BufferType): i32 {
  resetOut();
  return proxy_get_buffer_status(type, OUT_POINTER, OUT_LENGTH) == Status.Ok ? <i32>load<u32>(OUT_POINTER) : -1;
}
