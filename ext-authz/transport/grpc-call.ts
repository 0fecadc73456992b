/**
 * The answer to one gRPC call on an HTTP/2 stream. In: a stream, a frame or a status. Effects: writes to the stream, once; to
 * one that is closed nothing is written.
 *
 * Source: PROTOCOL-HTTP2.md: an answer is headers, one message, trailers with `grpc-status`; an error is headers alone.
 */
import { INTERNAL_ERROR } from "../http2/error-codes.ts";
import { headerBlock } from "../http2/header-block.ts";
import type { ServerStream } from "../http2/stream.ts";
import { type GrpcStatus, UNIMPLEMENTED } from "./grpc-status.ts";

type Fields = readonly (readonly [name: string, value: string])[];

const ANSWER: Fields = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];
const HEADERS = headerBlock(ANSWER);
const OK = headerBlock([["grpc-status", "0"]]);

/** @param frame a whole gRPC frame */
export function answerCall(stream: ServerStream, frame: Buffer): void {
  stream.answer(HEADERS, frame, OK);
}

/** For methods that answer more than once. */
export function writeAnswer(stream: ServerStream, frame: Buffer): void {
  stream.begin(HEADERS);
  stream.write(frame);
}

/** Ends an answer that has begun, or a call without a message. What else its client sends is not read. */
export function endCall(stream: ServerStream, status: GrpcStatus): void {
  if (stream.headersSent) stream.finish(headerBlock(fieldsOf(status)));
  else stream.end(headerBlock([...ANSWER, ...fieldsOf(status)]));
}

/** Ends a call without a message; one that has been answered in part is cut. */
export function refuseCall(stream: ServerStream, status: GrpcStatus): void {
  if (stream.headersSent) stream.reset(INTERNAL_ERROR);
  else endCall(stream, status);
}

function fieldsOf({ code, details }: GrpcStatus): Fields {
  const accepted: Fields = code === UNIMPLEMENTED ? [["grpc-accept-encoding", "identity"]] : [];
  return [["grpc-status", String(code)], ["grpc-message", details], ...accepted];
}
