/**
 * gRPC on our own HTTP/2 (`../http2/`), for methods that take one message. In: methods by path. Out: a server that listens, drains
 * and stops. Effects: sockets, timers. Our own, because a call on node:http2 costs ten times as much (docs/architecture.md).
 *
 * Everything from outside is bounded: messages, calls of a connection, bytes of messages that have begun and not ended, the time
 * that one may take; what HTTP/2 itself may cost stands in `http2/bounds.ts`.
 */
import type { Socket } from "node:net";
import { createHttp2Server } from "../http2/server.ts";
import type { Address } from "./address.ts";
import type { Methods } from "./grpc-methods.ts";
import { createCallTaker } from "./take-call.ts";

export interface UnaryServerLimits {
  /** Bytes of one message. */
  readonly message: number;
  /** Calls of one connection at once; a client waits for its turn in its own memory, not in ours. */
  readonly streams: number;
}

export interface UnaryServer {
  /** @returns the port that was taken; 0 for a Unix socket. @throws when the address cannot be bound. */
  listen(address: Address): Promise<number>;
  /** A connection that another listener accepted. */
  take(connection: Socket): void;
  /** GOAWAY; what is under way finishes. After `graceMs` the rest is cut. */
  stop(graceMs: number): Promise<void>;
}

export function createUnaryServer(methods: Methods, limits: UnaryServerLimits): UnaryServer {
  const server = createHttp2Server(createCallTaker(methods, limits.message), limits.streams);
  return {
    listen: (address) => server.listen(address.unix === undefined ? address : { path: address.unix }),
    take: server.take,
    stop: server.stop,
  };
}
