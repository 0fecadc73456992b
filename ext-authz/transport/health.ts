/** `grpc.health.v1`: SERVING once a snapshot and its keys are in, NOT_SERVING before that and while draining. */
import * as grpc from "@grpc/grpc-js";
import { healthService } from "./protos.ts";

const SERVING = 1;
const NOT_SERVING = 2;

export interface Health {
  readonly definition: grpc.ServiceDefinition;
  readonly implementation: grpc.UntypedServiceImplementation;
  /** Tells everybody who watches. */
  set(serving: boolean): void;
}

interface HealthRequest {
  readonly service?: string;
}
type Watcher = grpc.ServerWritableStream<HealthRequest, { status: number }>;

// Watchers are Envoy's health checkers and people's probes: few. More than this is a mistake or an attack.
const MAX_WATCHERS = 1000;

export function createHealth(): Health {
  let status = NOT_SERVING;
  const known = new Set(["", "envoy.service.auth.v3.Authorization"]);
  const watchers = new Set<Watcher>();
  const check: grpc.handleUnaryCall<HealthRequest, { status: number }> = (call, callback) => {
    if (known.has(call.request.service ?? "")) callback(null, { status });
    else callback({ code: grpc.status.NOT_FOUND, details: "unknown service" });
  };
  const watch: grpc.handleServerStreamingCall<HealthRequest, { status: number }> = (call) => {
    if (watchers.size >= MAX_WATCHERS) {
      call.emit("error", { code: grpc.status.RESOURCE_EXHAUSTED, details: "too many watchers" });
      return;
    }
    const SERVICE_UNKNOWN = 3;
    call.write({ status: known.has(call.request.service ?? "") ? status : SERVICE_UNKNOWN });
    watchers.add(call);
    call.once("cancelled", () => {
      watchers.delete(call);
      call.end();
    });
  };
  return {
    definition: healthService,
    implementation: { Check: check, Watch: watch },
    set(serving) {
      status = serving ? SERVING : NOT_SERVING;
      for (const watcher of watchers) {
        if (known.has(watcher.request.service ?? "")) watcher.write({ status });
      }
    },
  };
}
