/**
 * An HTTP/2 server for requests with one body each, on sockets. In: what takes requests on. Out: a server that listens, drains and
 * stops. Effects: sockets, timers. No push, no upgrade from HTTP/1, no priorities: what gRPC does not use is not there.
 */
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import {
  HELD_BYTES,
  INCOMING_BYTES,
  KEEPALIVE_MS,
  MAX_CONNECTIONS,
  OWN_BYTES,
  SWEEP_MS,
  UNSENT_BYTES,
} from "./bounds.ts";
import { BytePool } from "./byte-pool.ts";
import { Connection } from "./connection.ts";
import { Outputs } from "./output.ts";
import type { Accept } from "./stream.ts";

export interface Http2Server {
  /** @returns the port that was taken; 0 for a Unix socket. @throws when the address cannot be bound. */
  listen(at: ListenOptions): Promise<number>;
  /** A connection that another listener accepted; it has been read from by nobody. */
  take(socket: Socket): void;
  /** GOAWAY; what is under way finishes. After `graceMs` the rest is cut. */
  stop(graceMs: number): Promise<void>;
}

export type ListenOptions = { readonly host: string; readonly port: number } | { readonly path: string };

/** @param maxStreams of one connection at once */
export function createHttp2Server(accept: Accept, maxStreams: number): Http2Server {
  const connections = new Set<Connection>();
  const outputs = new Outputs();
  const incoming = new BytePool(INCOMING_BYTES, OWN_BYTES);
  const held = new BytePool(HELD_BYTES, OWN_BYTES);
  const unsent = new BytePool(UNSENT_BYTES, OWN_BYTES);
  const clock = (): number => performance.now();
  let sweeps = 0;
  let isStopping = false;
  let allClosed = (): void => {};
  const closed = (connection: Connection): void => {
    connections.delete(connection);
    if (connections.size === 0) allClosed();
  };
  const deps = { accept, maxStreams, outputs, incoming, held, unsent, clock, closed, sweeps: () => sweeps };
  const take = (socket: Socket): void => {
    if (socket.destroyed) return;
    if (connections.size >= MAX_CONNECTIONS) socket.destroy();
    else {
      const connection = new Connection(socket, deps);
      connections.add(connection);
      if (isStopping) connection.leave();
    }
  };
  const server = createServer(take);
  const keepalive = setInterval(() => {
    for (const connection of connections) connection.probe();
  }, KEEPALIVE_MS).unref();
  const sweeping = setInterval(() => {
    sweeps++;
    for (const connection of connections) connection.sweep(sweeps);
  }, SWEEP_MS).unref();
  return {
    listen: (at) => listen(server, at),
    take,
    async stop(graceMs) {
      isStopping = true;
      clearInterval(keepalive);
      clearInterval(sweeping);
      server.close();
      if (connections.size === 0) return;
      const ended = new Promise<void>((resolve) => {
        allClosed = resolve;
      });
      for (const connection of connections) connection.leave();
      const cut = setTimeout(() => {
        for (const connection of connections) connection.destroy();
      }, graceMs);
      await ended;
      clearTimeout(cut);
    },
  };
}

function listen(server: Server, at: ListenOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(at, () => {
      server.off("error", reject);
      const bound: AddressInfo | string | null = server.address();
      resolve(typeof bound === "object" && bound !== null ? bound.port : 0);
    });
  });
}
