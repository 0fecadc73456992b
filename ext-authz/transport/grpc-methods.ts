/** What a gRPC service is to our server: methods by path. */
import type { ServerHttp2Stream } from "node:http2";
import type { GrpcStatus } from "./grpc-status.ts";

/** A frame (`grpc-frame.ts`), or how the call ends without one. */
export type Reply = Buffer | GrpcStatus;

/**
 * One message in, one reply out; no promise where nothing had to be waited for. What it throws ends the call as INTERNAL.
 * `deadline` is asked for by what waits for something; `gone` says whether anybody still wants the reply.
 */
export type UnaryMethod = (message: Buffer, deadline: () => AbortSignal, gone: () => boolean) => Reply | Promise<Reply>;

/** One message in; then the stream is the method's, to write frames to until it closes. */
export type StreamingMethod = (message: Buffer, stream: ServerHttp2Stream) => void;

export type Method =
  | { readonly kind: "unary"; readonly answer: UnaryMethod }
  | { readonly kind: "streaming"; readonly open: StreamingMethod };

/** `/package.Service/Method` */
export type Methods = ReadonlyMap<string, Method>;
