/** The gRPC edge: Check and health on one address; ends what is under way before it stops. */
import { performance } from "node:perf_hooks";
import * as grpc from "@grpc/grpc-js";
import { readAddress, withPort } from "./address.ts";
import { type Admission, createAdmission, WINDOW_MS } from "./admission.ts";
import { type CheckHandlerDeps, createCheckHandler } from "./check-handler.ts";
import { createHealth } from "./health.ts";
import { authorizationService } from "./protos.ts";
import { listenSecurely, type SecureListener } from "./secure-listener.ts";
import type { ServerTls } from "./tls.ts";

export interface GrpcServer {
  /** As bound: with the real port where 0 was asked for. */
  readonly address: string;
  setServing(serving: boolean): void;
  /** GOAWAY, what is under way finishes; after `graceMs` the rest is cut. Says NOT_SERVING unless told not to. */
  stop(graceMs: number, quietly?: boolean): Promise<void>;
}

export interface GrpcServerDeps extends Omit<CheckHandlerDeps, "admission"> {
  /** Checks under way at once before new ones are answered `overloaded`. */
  readonly maxChecks: number;
  /** Milliseconds without an idle moment before some are; none = only `maxChecks` counts. */
  readonly maxLagMs?: number;
  /** None = plaintext. Unix sockets are always plaintext. */
  readonly tls?: ServerTls | undefined;
}

/** Bytes of one CheckRequest: headers, a certificate and a partial body fit; more is refused before it is decoded. */
const MAX_MESSAGE = 4 * 1024 * 1024;

/** @throws when the address cannot be bound. */
export async function startGrpcServer(address: string, deps: GrpcServerDeps): Promise<GrpcServer> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE,
    // A client waits for its turn in its own memory, not in ours.
    "grpc.max_concurrent_streams": Math.max(100, deps.maxChecks),
    // Envoy pings idle upstream connections only when told to; a dead peer is found out within a minute.
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
  });
  const { maxChecks, maxLagMs = Number.POSITIVE_INFINITY } = deps;
  const admission = createAdmission({ maxChecks, maxLagMs, random: Math.random });
  const health = createHealth();
  server.addService(authorizationService, { Check: createCheckHandler({ ...deps, admission }) });
  server.addService(health.definition, health.implementation);
  const bound = await bind(server, address, deps.tls).catch((cause: unknown) => {
    throw new Error(`cannot listen on ${address}: ${cause instanceof Error ? cause.message : cause}`);
  });
  const stopWatching = watchLoop(admission);
  return {
    address: withPort(address, bound.port),
    setServing: (serving) => health.set(serving),
    stop: (graceMs, quietly = false) => {
      if (!quietly) health.set(false);
      stopWatching();
      bound.listener?.stop();
      return new Promise<void>((resolve) => {
        const cut = setTimeout(() => {
          server.forceShutdown();
          resolve();
        }, graceMs);
        server.tryShutdown(() => {
          clearTimeout(cut);
          resolve();
        });
      });
    },
  };
}

interface Bound {
  readonly port: number;
  readonly listener?: SecureListener;
}

async function bind(server: grpc.Server, address: string, tls: ServerTls | undefined): Promise<Bound> {
  const parts = readAddress(address);
  const plain = grpc.ServerCredentials.createInsecure();
  if (tls !== undefined && parts.unix === undefined) {
    // TLS ends in a listener of our own: it can check names once a connection and renew its certificate.
    const injector = server.createConnectionInjector(plain);
    const listener = await listenSecurely(parts, tls, (socket) => injector.injectConnection(socket));
    return { port: listener.port, listener };
  }
  const target = parts.unix === undefined ? address : `unix:${parts.unix}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(target, plain, (error, port) => (error === null ? resolve({ port }) : reject(error)));
  });
}

function watchLoop({ window }: Admission): () => void {
  let before = performance.eventLoopUtilization();
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization();
    const { active, idle, utilization } = performance.eventLoopUtilization(now, before);
    window(utilization, active + idle);
    before = now;
  }, WINDOW_MS).unref();
  return () => clearInterval(timer);
}
