/**
 * The answer to one gRPC call on an HTTP/2 stream. In: a stream, a frame or a status. Effects: writes to the stream, once; to
 * one that is gone nothing is written.
 *
 * Source: PROTOCOL-HTTP2.md: an answer is headers, one message, trailers with `grpc-status`; an error is headers alone.
 */
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { type GrpcStatus, UNIMPLEMENTED } from "./grpc-status.ts";

const HEADERS: OutgoingHttpHeaders = { ":status": 200, "content-type": "application/grpc" };
const OK: OutgoingHttpHeaders = { "grpc-status": "0" };
const WITH_TRAILERS = { waitForTrailers: true };
const WITHOUT_MORE = { endStream: true };

/** @param frame a whole gRPC frame */
export function answerCall(stream: ServerHttp2Stream, frame: Buffer): void {
  if (isGone(stream)) return;
  beginAnswer(stream);
  stream.end(frame);
}

/** For methods that answer more than once: frames are written to the stream, its end brings the trailers. */
export function beginAnswer(stream: ServerHttp2Stream): void {
  stream.respond(HEADERS, WITH_TRAILERS);
  stream.once("wantTrailers", sendOk);
}

function sendOk(this: ServerHttp2Stream): void {
  if (!isGone(this)) this.sendTrailers(OK);
}

/** Ends a call without a message. What else its client sends is not read. */
export function refuseCall(stream: ServerHttp2Stream, { code, details }: GrpcStatus): void {
  if (isGone(stream)) return;
  if (stream.headersSent) {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return;
  }
  const accepted = code === UNIMPLEMENTED ? { "grpc-accept-encoding": "identity" } : {};
  stream.respond({ ...HEADERS, "grpc-status": String(code), "grpc-message": details, ...accepted }, WITHOUT_MORE);
  // RFC 9113 §8.1: the answer is whole before the request is.
  if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
}

export function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed;
}
