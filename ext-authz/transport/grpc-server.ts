/** The gRPC edge: Check and health on one address; ends what is under way before it stops. */
import { readAddress, withPort } from "./address.ts";
import { type CheckHandlerDeps, createCheckHandler } from "./check-handler.ts";
import type { Methods } from "./grpc-methods.ts";
import { createHealth } from "./health.ts";
import { watchOverload } from "./overload.ts";
import { authorizationService } from "./protos.ts";
import { listenSecurely, type SecureListener } from "./secure-listener.ts";
import type { ServerTls } from "./tls.ts";
import { createUnaryServer, type UnaryServer } from "./unary-server.ts";
import { createWaitingLine } from "./waiting-line.ts";

export interface GrpcServer {
  /** As bound: with the real port where 0 was asked for. */
  readonly address: string;
  setServing(serving: boolean): void;
  /** GOAWAY, what is under way finishes; after `graceMs` the rest is cut. Says NOT_SERVING unless told not to. */
  stop(graceMs: number, quietly?: boolean): Promise<void>;
}

export interface GrpcServerDeps extends Omit<CheckHandlerDeps, "line"> {
  /** Milliseconds that a check may have waited in an overload; none = only `maxChecks` counts. */
  readonly maxWaitMs?: number;
  /** None = plaintext. Unix sockets are always plaintext. */
  readonly tls?: ServerTls | undefined;
}

/** Bytes of one CheckRequest: headers, a certificate and a partial body fit; more is refused before it is decoded. */
const MAX_MESSAGE = 4 * 1024 * 1024;
/**
 * Checks that may wait their turn, for each that may wait for something outside: what comes in a pause of a tenth of a second is
 * worked off in less than that again. How long one may wait is for `overload.ts` to say.
 */
const WAITING = 10;

/** @throws when the address cannot be bound. */
export async function startGrpcServer(address: string, deps: GrpcServerDeps): Promise<GrpcServer> {
  const { maxChecks, maxWaitMs = Number.POSITIVE_INFINITY } = deps;
  const overload = watchOverload(maxWaitMs);
  const line = createWaitingLine(WAITING * maxChecks, overload, {
    clock: deps.clock,
    atEndOfTurn: setImmediate,
    random: Math.random,
  });
  const health = createHealth();
  const check = createCheckHandler({ ...deps, line });
  const methods: Methods = new Map([[CHECK, { kind: "unary", answer: check }], ...health.methods]);
  const server = createUnaryServer(methods, { message: MAX_MESSAGE, streams: Math.max(100, maxChecks) });
  const bound = await bind(server, address, deps.tls).catch((cause: unknown) => {
    throw new Error(`cannot listen on ${address}: ${cause instanceof Error ? cause.message : cause}`);
  });
  return {
    address: withPort(address, bound.port),
    setServing: (serving) => health.set(serving),
    stop(graceMs, quietly = false) {
      if (!quietly) health.set(false);
      bound.listener?.stop();
      return server.stop(graceMs);
    },
  };
}

const CHECK = authorizationService["Check"]?.path ?? "";

interface Bound {
  readonly port: number;
  readonly listener?: SecureListener;
}

async function bind(server: UnaryServer, address: string, tls: ServerTls | undefined): Promise<Bound> {
  const parts = readAddress(address);
  if (tls === undefined || parts.unix !== undefined) return { port: await server.listen(parts) };
  // TLS ends in a listener of our own: it can check names once a connection and renew its certificate.
  const listener = await listenSecurely(parts, tls, server.take);
  return { port: listener.port, listener };
}
