/**
 * One HTTP/2 stream becomes a gRPC call: its head is judged, its message is read, its method answers. In: a stream. Effects: on the
 * stream only. Whatever a method throws ends the call as INTERNAL, which a proxy takes for a failure.
 */
import { headerBlock } from "../http2/header-block.ts";
import type { Accept, Receiver, ServerStream } from "../http2/stream.ts";
import { CallDeadline } from "./call-deadline.ts";
import { answerCall, endCall, refuseCall, writeAnswer } from "./grpc-call.ts";
import { addPiece, messageIn, newBody } from "./grpc-frame.ts";
import type { Method, Methods, Reply } from "./grpc-methods.ts";
import {
  DEADLINE_EXCEEDED,
  type GrpcStatus,
  INTERNAL,
  RESOURCE_EXHAUSTED,
  UNAVAILABLE,
  UNIMPLEMENTED,
} from "./grpc-status.ts";

const UNKNOWN_METHOD: GrpcStatus = { code: UNIMPLEMENTED, details: "no such method" };
const COMPRESSED: GrpcStatus = { code: UNIMPLEMENTED, details: "compressed messages are not taken" };
const BUG: GrpcStatus = { code: INTERNAL, details: "internal error" };
const FULL: GrpcStatus = { code: RESOURCE_EXHAUSTED, details: "too many unfinished messages" };
const LATE: GrpcStatus = { code: DEADLINE_EXCEEDED, details: "the message did not come in time" };
const LEAVING: GrpcStatus = { code: UNAVAILABLE, details: "the server is stopping" };
const WRONG_METHOD = headerBlock([[":status", "405"]]);
const WRONG_TYPE = headerBlock([[":status", "415"]]);

/** For the streams of one server. @param maxMessage bytes */
export function createCallTaker(methods: Methods, maxMessage: number): Accept {
  return (stream) => {
    const { head } = stream;
    const method = methods.get(head.path ?? "");
    if (head.method !== "POST") return new OtherRequest(stream, WRONG_METHOD);
    if (!isGrpc(head.contentType)) return new OtherRequest(stream, WRONG_TYPE);
    if (method === undefined) refuseCall(stream, UNKNOWN_METHOD);
    else if ((head.grpcEncoding ?? "identity") !== "identity") refuseCall(stream, COMPRESSED);
    else return new IncomingCall(stream, method, maxMessage);
    return REFUSED;
  };
}

const ignore = (): void => {};
const REFUSED: Receiver = { data: ignore, late: ignore, leaving: ignore, closed: ignore };

/** `application/grpc`, with a suffix or parameters: what is in it is protobuf anyway. */
function isGrpc(contentType: string | undefined): boolean {
  return contentType?.startsWith("application/grpc") === true && !contentType.startsWith("application/grpc-web");
}

/** Bytes of a request that is not for us that are read before it is answered all the same. */
const SHORT_BODY = 16_384;

/** No gRPC: refused at its end when that is near, since what is not gRPC may take an answer before its end for none. */
class OtherRequest implements Receiver {
  private readonly stream: ServerStream;
  private readonly answer: Buffer;

  constructor(stream: ServerStream, answer: Buffer) {
    this.stream = stream;
    this.answer = answer;
  }

  data(_piece: Buffer, ended: boolean): void {
    if (ended || this.stream.received > SHORT_BODY) this.late();
  }

  late(): void {
    this.stream.end(this.answer);
  }

  leaving(): void {}
  closed(): void {}
}

class IncomingCall implements Receiver {
  private readonly stream: ServerStream;
  private readonly method: Method;
  private readonly maxMessage: number;
  private body = newBody();
  /** Bytes of memory that this call is held to have. */
  private held = 0;
  private deadline: CallDeadline | undefined = undefined;
  private onClosed: (() => void) | undefined = undefined;

  constructor(stream: ServerStream, method: Method, maxMessage: number) {
    this.stream = stream;
    this.method = method;
    this.maxMessage = maxMessage;
  }

  data(piece: Buffer, ended: boolean): void {
    const { stream, body } = this;
    // What came whole is used where it lies. What did not is copied: one byte of it would keep all that was read with it.
    const isWhole = ended && body.length === 0;
    const wrong =
      isWhole || this.hold(piece.length)
        ? addPiece(body, isWhole || body.length > 0 ? piece : copy(piece), this.maxMessage)
        : FULL;
    if (wrong !== undefined) refuseCall(stream, wrong);
    else if (ended) this.take();
  }

  late(): void {
    refuseCall(this.stream, LATE);
  }

  leaving(): void {
    if (this.method.kind === "streaming") endCall(this.stream, LEAVING);
  }

  closed(): void {
    this.stream.release(this.held);
    this.held = 0;
    this.deadline?.end(this.stream.headersSent);
    this.onClosed?.();
  }

  private take(): void {
    const message = messageIn(this.body);
    this.body = newBody();
    if (message.ok) this.run(message.value);
    else refuseCall(this.stream, message.error);
  }

  private hold(bytes: number): boolean {
    this.held += bytes;
    return this.stream.hold(bytes);
  }

  private run(message: Buffer): void {
    const { stream, method } = this;
    try {
      if (method.kind === "unary") {
        const began = performance.now();
        const reply = method.answer(
          message,
          () => this.signalSince(began),
          () => !stream.isOpen,
        );
        if (reply instanceof Promise) sendLater(stream, reply);
        else send(stream, reply);
      } else {
        const ended = method.open(message, {
          write: (frame) => writeAnswer(stream, frame),
          end: (status) => endCall(stream, status),
        });
        if (stream.isOpen) this.onClosed = ended;
        else ended?.();
      }
    } catch {
      refuseCall(stream, BUG);
    }
  }

  private signalSince(began: number): AbortSignal {
    if (this.deadline === undefined) {
      this.deadline = new CallDeadline(this.stream.head.grpcTimeout, began);
      if (!this.stream.isOpen) this.deadline.end(false);
    }
    return this.deadline.signal;
  }
}

function copy(piece: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(piece.length);
  piece.copy(own);
  return own;
}

function sendLater(stream: ServerStream, reply: Promise<Reply>): void {
  reply.then((settled) => send(stream, settled)).catch(() => refuseCall(stream, BUG));
}

function send(stream: ServerStream, reply: Reply): void {
  if ("code" in reply) refuseCall(stream, reply);
  else answerCall(stream, reply);
}
