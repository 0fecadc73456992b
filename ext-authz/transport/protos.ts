/** The wire: our protos loaded once. The loose types of the loader end in the two converters beside this file. */
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { packageRoot } from "../config/package-root.ts";

const definitions = loadSync(["envoy/service/auth/v3/external_auth.proto", "grpc/health/v1/health.proto"], {
  includeDirs: [fileURLToPath(new URL("protos/", packageRoot))],
  keepCase: true,
  longs: Number,
  enums: Number,
  bytes: Buffer,
  // Absent stays absent: a converter decides what an unset field means.
  defaults: false,
  oneofs: false,
});

function service(name: string): grpc.ServiceDefinition {
  const found = grpc.loadPackageDefinition(definitions);
  let node: unknown = found;
  for (const part of name.split(".")) {
    node = typeof node === "object" && node !== null ? Reflect.get(node, part) : undefined;
  }
  if (typeof node !== "function" || !("service" in node)) throw new Error(`protos: no service ${name}`);
  return node.service as grpc.ServiceDefinition;
}

/** `envoy.service.auth.v3.Authorization` */
export const authorizationService = service("envoy.service.auth.v3.Authorization");
/** `grpc.health.v1.Health` */
export const healthService = service("grpc.health.v1.Health");
