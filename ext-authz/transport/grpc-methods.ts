/** What a gRPC service is to our server: methods by path. */
import type { GrpcStatus } from "./grpc-status.ts";

/** A frame (`grpc-frame.ts`), or how the call ends without one. */
export type Reply = Buffer | GrpcStatus;

/**
 * One message in, one reply out; no promise where nothing had to be waited for. What it throws ends the call as INTERNAL.
 * `message` is a view into what the socket read, which lives as long as the view: texts are taken out of it, it is not kept.
 * `deadline` is asked for by what waits for something; `gone` says whether anybody still wants the reply.
 */
export type UnaryMethod = (message: Buffer, deadline: () => AbortSignal, gone: () => boolean) => Reply | Promise<Reply>;

/** A call that is answered more than once. */
export interface StreamingCall {
  /** @param frame as in `grpc-frame.ts`; to a call that has ended nothing is written */
  write(frame: Buffer): void;
  end(status: GrpcStatus): void;
}

/** One message in; then the call is the method's. @returns told when it has ended, however it did */
export type StreamingMethod = (message: Buffer, call: StreamingCall) => (() => void) | undefined;

export type Method =
  | { readonly kind: "unary"; readonly answer: UnaryMethod }
  | { readonly kind: "streaming"; readonly open: StreamingMethod };

/** `/package.Service/Method` */
export type Methods = ReadonlyMap<string, Method>;
