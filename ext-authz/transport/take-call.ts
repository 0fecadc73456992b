/**
 * One HTTP/2 stream becomes a gRPC call: its headers are judged, its message is read, its method answers. In: a stream and its
 * headers. Effects: on the stream only. Whatever a method throws ends the call as INTERNAL, which a proxy takes for a failure.
 */
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { deadlineOf } from "./call-deadline.ts";
import { answerCall, isGone, refuseCall } from "./grpc-call.ts";
import { addPiece, messageIn, newBody } from "./grpc-frame.ts";
import type { Method, Methods, Reply } from "./grpc-methods.ts";
import { DEADLINE_EXCEEDED, type GrpcStatus, INTERNAL, RESOURCE_EXHAUSTED, UNIMPLEMENTED } from "./grpc-status.ts";

export interface CallLimits {
  /** Bytes of one message. */
  readonly message: number;
  /** Bytes of all messages that have begun and not ended. */
  readonly unfinished: number;
}

/** For the streams of one server. */
export interface CallTaker {
  take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
  /** Ends the calls whose messages had begun before the last sweep but one and are not whole yet. */
  sweep(): void;
}

const UNKNOWN_METHOD: GrpcStatus = { code: UNIMPLEMENTED, details: "no such method" };
const COMPRESSED: GrpcStatus = { code: UNIMPLEMENTED, details: "compressed messages are not taken" };
const BUG: GrpcStatus = { code: INTERNAL, details: "internal error" };
const FULL: GrpcStatus = { code: RESOURCE_EXHAUSTED, details: "too many unfinished messages" };
const LATE: GrpcStatus = { code: DEADLINE_EXCEEDED, details: "the message did not come in time" };

export function createCallTaker(methods: Methods, limits: CallLimits): CallTaker {
  let unfinished = 0;
  let sweeps = 0;
  /** Calls whose messages are not whole, by the sweeps there had been when they began: cheaper than a timer for each. */
  const begun = new Map<ServerHttp2Stream, number>();

  function read(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, method: Method): void {
    const body = newBody();
    let held = 0;
    begun.set(stream, sweeps);
    stream.on("data", (piece: Buffer) => {
      if (isGone(stream)) return;
      if (held === 0 && body.length > 0) {
        // The second piece: from here on memory is held for the client, until its call ends.
        held = body.length;
        unfinished += held;
        stream.once("close", () => {
          unfinished -= held;
        });
      }
      if (held > 0) {
        held += piece.length;
        unfinished += piece.length;
      }
      const wrong = unfinished > limits.unfinished ? FULL : addPiece(body, piece, limits.message);
      if (wrong !== undefined) refuseCall(stream, wrong);
    });
    stream.on("end", () => {
      begun.delete(stream);
      if (isGone(stream)) return;
      const message = messageIn(body);
      if (message.ok) run(stream, headers, method, message.value);
      else refuseCall(stream, message.error);
    });
  }

  return {
    take(stream, headers) {
      // A client that resets its call is no error of ours; an unheard one would end the process.
      stream.on("error", ignore);
      const method = methods.get(headers[":path"] ?? "");
      if (headers[":method"] !== "POST" || !isGrpc(headers["content-type"])) refuseHttp(stream, headers);
      else if (method === undefined) refuseCall(stream, UNKNOWN_METHOD);
      else if ((headers["grpc-encoding"] ?? "identity") !== "identity") refuseCall(stream, COMPRESSED);
      else read(stream, headers, method);
    },
    sweep() {
      sweeps++;
      for (const [stream, since] of begun) {
        if (since > sweeps - 2 && !stream.destroyed) continue;
        begun.delete(stream);
        refuseCall(stream, LATE);
      }
    },
  };
}

function ignore(): void {}

/** `application/grpc`, with a suffix or parameters: what is in it is protobuf anyway. */
function isGrpc(contentType: string | undefined): boolean {
  return contentType?.startsWith("application/grpc") === true && !contentType.startsWith("application/grpc-web");
}

function refuseHttp(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
  if (isGone(stream)) return;
  stream.respond({ ":status": headers[":method"] === "POST" ? 415 : 405 }, { endStream: true });
  stream.close(constants.NGHTTP2_NO_ERROR);
}

function run(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, method: Method, message: Buffer): void {
  try {
    if (method.kind === "streaming") method.open(message, stream);
    else {
      const timeout = headers["grpc-timeout"];
      const deadline = deadlineOf(stream, typeof timeout === "string" ? timeout : undefined);
      const reply = method.answer(message, deadline, () => isGone(stream));
      if (reply instanceof Promise) sendLater(stream, reply);
      else send(stream, reply);
    }
  } catch {
    refuseCall(stream, BUG);
  }
}

function sendLater(stream: ServerHttp2Stream, reply: Promise<Reply>): void {
  reply.then((settled) => send(stream, settled)).catch(() => refuseCall(stream, BUG));
}

function send(stream: ServerHttp2Stream, reply: Reply): void {
  if ("code" in reply) refuseCall(stream, reply);
  else answerCall(stream, reply);
}
