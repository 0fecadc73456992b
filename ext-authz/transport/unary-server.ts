/**
 * gRPC on node:http2, for methods that take one message. In: methods by path. Out: a server that listens, drains and stops.
 * Effects: sockets, timers. Our own, because a call costs half of what it costs in grpc-js (docs/architecture.md): no
 * interceptors, no promise and no timer unless a method waits.
 *
 * Everything from outside is bounded: messages, calls of a connection, bytes of messages that have begun and not ended, the time
 * that one may take. What breaks HTTP/2 ends its connection, by nghttp2's own limits for resets, settings and pings.
 */
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
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
  take(connection: Duplex): void;
  /** GOAWAY; what is under way finishes. After `graceMs` the rest is cut. */
  stop(graceMs: number): Promise<void>;
}

/** Of all messages that have begun and not ended. */
const UNFINISHED_BYTES = 64 * 1024 * 1024;
/** What one connection may send ahead of us: a hundred checks of usual size. */
const WINDOW_BYTES = 1024 * 1024;
/** Megabytes of nghttp2's own memory for one connection. */
const SESSION_MEGABYTES = 64;
const MAX_CONNECTIONS = 10_000;
/** Envoy pings idle upstream connections only when told to; a dead peer is found out within a minute and a half. */
const KEEPALIVE_MS = 60_000;
const KEEPALIVE_ANSWER_MS = 20_000;
/** A message that is not whole after one to two of these is not waited for. */
const SWEEP_MS = 10_000;

const ignore = (): void => {};

export function createUnaryServer(methods: Methods, limits: UnaryServerLimits): UnaryServer {
  const server = createServer({
    maxSessionMemory: SESSION_MEGABYTES,
    settings: { maxConcurrentStreams: limits.streams, enablePush: false },
  });
  const sessions = new Set<ServerHttp2Session>();
  const calls = createCallTaker(methods, { message: limits.message, unfinished: UNFINISHED_BYTES });
  server.maxConnections = MAX_CONNECTIONS;
  server.on("stream", (stream, headers) => calls.take(stream, headers));
  server.on("sessionError", ignore);
  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.setLocalWindowSize(WINDOW_BYTES);
  });
  const keepalive = setInterval(() => {
    for (const session of sessions) probe(session);
  }, KEEPALIVE_MS).unref();
  const sweeping = setInterval(calls.sweep, SWEEP_MS).unref();
  return {
    listen: (address) => listen(server, address),
    take: (connection) => void server.emit("connection", connection),
    async stop(graceMs) {
      clearInterval(keepalive);
      clearInterval(sweeping);
      server.close();
      const ends = [...sessions].map((session) => new Promise<void>((resolve) => session.once("close", resolve)));
      for (const session of sessions) session.close();
      const cut = setTimeout(() => {
        for (const session of sessions) session.destroy();
      }, graceMs);
      await Promise.all(ends);
      clearTimeout(cut);
    },
  };
}

function listen(server: Http2Server, address: Address): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const listening = (): void => {
      server.off("error", reject);
      const bound: AddressInfo | string | null = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : 0);
    };
    if (address.unix === undefined) server.listen(address.port, address.host, listening);
    else server.listen(address.unix, listening);
  });
}

function probe(session: ServerHttp2Session): void {
  if (session.destroyed || session.closed) return;
  const cut = setTimeout(() => session.destroy(), KEEPALIVE_ANSWER_MS).unref();
  session.ping(() => clearTimeout(cut));
}
