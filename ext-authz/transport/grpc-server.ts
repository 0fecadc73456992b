/** The gRPC edge: Check and health on one address; ends what is under way before it stops. */
import * as grpc from "@grpc/grpc-js";
import { type CheckHandlerDeps, createCheckHandler } from "./check-handler.ts";
import { createHealth } from "./health.ts";
import { authorizationService } from "./protos.ts";

export interface GrpcServer {
  /** As bound: with the real port where 0 was asked for. */
  readonly address: string;
  setServing(serving: boolean): void;
  /** NOT_SERVING, GOAWAY, what is under way finishes; after `graceMs` the rest is cut. */
  stop(graceMs: number): Promise<void>;
}

/** Bytes of one CheckRequest: headers, a certificate and a partial body fit; more is refused before it is decoded. */
const MAX_MESSAGE = 4 * 1024 * 1024;

/** @throws when the address cannot be bound. */
export async function startGrpcServer(address: string, deps: CheckHandlerDeps): Promise<GrpcServer> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": MAX_MESSAGE,
    // Envoy pings idle upstream connections only when told to; a dead peer is found out within a minute.
    "grpc.keepalive_time_ms": 60_000,
    "grpc.keepalive_timeout_ms": 20_000,
  });
  const health = createHealth();
  server.addService(authorizationService, { Check: createCheckHandler(deps) });
  server.addService(health.definition, health.implementation);
  const target = address.startsWith("unix://") ? `unix:${address.slice("unix://".length)}` : address;
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(target, grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(new Error(`cannot listen on ${address}: ${error.message}`)),
    );
  });
  return {
    address: address.startsWith("unix:") ? address : address.replace(/:\d+$/, `:${port}`),
    setServing: (serving) => health.set(serving),
    stop: (graceMs) => {
      health.set(false);
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
