/** `grpc.health.v1`: SERVING once a snapshot and its keys are in, NOT_SERVING before that and while draining. */
import { frameBytes } from "./grpc-frame.ts";
import type { Method, StreamingCall } from "./grpc-methods.ts";
import { type GrpcStatus, INTERNAL, NOT_FOUND, RESOURCE_EXHAUSTED } from "./grpc-status.ts";
import { healthService } from "./protos.ts";

const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

export interface Health {
  readonly methods: readonly (readonly [path: string, method: Method])[];
  /** Tells everybody who watches. */
  set(serving: boolean): void;
}

// Watchers are Envoy's health checkers and people's probes: few. More than this is a mistake or an attack.
const MAX_WATCHERS = 1000;

const UNREADABLE: GrpcStatus = { code: INTERNAL, details: "the message cannot be read" };
const UNKNOWN: GrpcStatus = { code: NOT_FOUND, details: "unknown service" };
const FULL: GrpcStatus = { code: RESOURCE_EXHAUSTED, details: "too many watchers" };
const KNOWN: ReadonlySet<string> = new Set(["", "envoy.service.auth.v3.Authorization"]);

export function createHealth(): Health {
  let status = NOT_SERVING;
  const watchers = new Map<StreamingCall, string>();
  const statusOf = (service: string): number => (KNOWN.has(service) ? status : SERVICE_UNKNOWN);
  const check: Method = {
    kind: "unary",
    answer(message) {
      const service = readService(message);
      if (service === undefined) return UNREADABLE;
      return KNOWN.has(service) ? writeStatus(status) : UNKNOWN;
    },
  };
  const watch: Method = {
    kind: "streaming",
    open(message, call) {
      const service = readService(message);
      const wrong = service === undefined ? UNREADABLE : watchers.size >= MAX_WATCHERS ? FULL : undefined;
      if (service === undefined || wrong !== undefined) {
        call.end(wrong ?? UNREADABLE);
        return undefined;
      }
      watchers.set(call, service);
      call.write(writeStatus(statusOf(service)));
      return () => watchers.delete(call);
    },
  };
  return {
    methods: [
      [pathOf("Check"), check],
      [pathOf("Watch"), watch],
    ],
    set(serving) {
      status = serving ? SERVING : NOT_SERVING;
      for (const [call, service] of watchers) {
        if (KNOWN.has(service)) call.write(writeStatus(status));
      }
    },
  };
}

function definition(name: "Check" | "Watch") {
  const found = healthService[name];
  if (found === undefined) throw new Error(`protos: no ${name} in grpc.health.v1.Health`);
  return found;
}

function pathOf(name: "Check" | "Watch"): string {
  return definition(name).path;
}

/** Undefined: no HealthCheckRequest. */
function readService(message: Buffer): string | undefined {
  try {
    const request: unknown = definition("Check").requestDeserialize(message);
    const isNamed = typeof request === "object" && request !== null && "service" in request;
    return isNamed ? String(request.service) : "";
  } catch {
    return undefined;
  }
}

function writeStatus(status: number): Buffer {
  return frameBytes(definition("Check").responseSerialize({ status }));
}
