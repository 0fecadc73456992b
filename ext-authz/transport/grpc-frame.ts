/**
 * gRPC's frames in an HTTP/2 body: one byte of flags, four of length, one message. In: pieces of a body as they arrive. Out:
 * the message, or the status that ends the call. Memory stays below twice what has come, however small the pieces. Pure.
 *
 * Source: github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
import { err, ok, type Result } from "../result.ts";
import { type GrpcStatus, INTERNAL, RESOURCE_EXHAUSTED, UNIMPLEMENTED } from "./grpc-status.ts";
import type { ByteText } from "./protobuf-text.ts";

const HEAD = 5;

/** @param message characters up to U+00FF */
export function frameText(message: ByteText): Buffer {
  const { length } = message;
  const head = String.fromCharCode(0, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff);
  return Buffer.from(head + message, "latin1");
}

export function frameBytes(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD + message.length);
  frame.writeUInt8(0, 0);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, HEAD);
  return frame;
}

/** What has come of one body. Most come in one piece, which is then not copied. */
export interface Body {
  bytes: Buffer;
  /** Of `bytes`, which may have room for more. */
  length: number;
}

export function newBody(): Body {
  return { bytes: NONE, length: 0 };
}

const NONE = Buffer.alloc(0);

const COMPRESSED: GrpcStatus = { code: UNIMPLEMENTED, details: "compressed messages are not taken" };
const BAD_FLAGS: GrpcStatus = { code: INTERNAL, details: "a frame with unknown flags" };
const TOO_LARGE: GrpcStatus = { code: RESOURCE_EXHAUSTED, details: "the message is too large" };
const TOO_MANY: GrpcStatus = { code: INTERNAL, details: "more than one message" };
const INCOMPLETE: GrpcStatus = { code: INTERNAL, details: "the message is incomplete" };

/** @returns what is wrong with the body as far as it has come: it is refused before all of it is here */
export function addPiece(body: Body, piece: Buffer, maxMessage: number): GrpcStatus | undefined {
  if (body.length === 0) body.bytes = piece;
  else append(body, piece);
  body.length += piece.length;
  const flags = body.bytes[0] ?? 0;
  if (flags !== 0) return flags === 1 ? COMPRESSED : BAD_FLAGS;
  if (body.length < HEAD) return undefined;
  const length = body.bytes.readUInt32BE(1);
  if (length > maxMessage) return TOO_LARGE;
  return body.length > HEAD + length ? TOO_MANY : undefined;
}

function append(body: Body, piece: Buffer): void {
  const needed = body.length + piece.length;
  if (needed > body.bytes.length) {
    const larger = Buffer.allocUnsafe(2 * needed);
    body.bytes.copy(larger, 0, 0, body.length);
    body.bytes = larger;
  }
  piece.copy(body.bytes, body.length);
}

/** @param body whole, and nothing wrong with it so far */
export function messageIn({ bytes, length }: Body): Result<Buffer, GrpcStatus> {
  if (length < HEAD || length < HEAD + bytes.readUInt32BE(1)) return err(INCOMPLETE);
  return ok(bytes.subarray(HEAD, length));
}
