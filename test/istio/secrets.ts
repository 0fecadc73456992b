/**
 * What Istio's agent does for a proxy's certificates: a secret discovery service. In: the proxy's certificate and key, the
 * authority. Out: where it listens. Effects: a gRPC server on loopback.
 */
import { fileURLToPath } from "node:url";
import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { Pair } from "../transport/certificates.ts";

/** Names that istiod gives them. */
const OWN = "default";
const AUTHORITY = "ROOTCA";
const SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";

export interface Secrets {
  readonly port: number;
  stop(): Promise<void>;
}

interface Asked {
  readonly resource_names: readonly string[];
  readonly response_nonce: string;
}

export async function serveSecrets(own: Pair, authority: string): Promise<Secrets> {
  const loaded = loadSync(fileURLToPath(new URL("sds.proto", import.meta.url)), { keepCase: true, defaults: true });
  const service = loaded["envoy.service.secret.v3.SecretDiscoveryService"];
  if (service === undefined || "format" in service) throw new Error("sds.proto has no service");
  const server = new grpc.Server();
  server.addService(service, {
    StreamSecrets(stream: grpc.ServerDuplexStream<Asked, object>) {
      stream.on("data", (asked) => {
        // An answer to what was sent, good or bad, is no new question.
        if (asked.response_nonce === "") stream.write(answer(asked.resource_names, own, authority));
      });
      stream.on("end", () => stream.end());
      stream.on("error", () => {});
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    port,
    async stop() {
      server.forceShutdown();
    },
  };
}

function answer(names: readonly string[], own: Pair, authority: string): object {
  const resources = names.map((name) => ({ type_url: SECRET, value: secret(name, own, authority) }));
  return { version_info: "1", resources, type_url: SECRET, nonce: "1" };
}

function secret(name: string, own: Pair, authority: string): object {
  if (name === OWN) {
    const chain = { certificate_chain: { inline_string: own.cert }, private_key: { inline_string: own.key } };
    return { name, tls_certificate: chain };
  }
  if (name === AUTHORITY) return { name, validation_context: { trusted_ca: { inline_string: authority } } };
  throw new Error(`istiod names a secret that nobody has: ${name}`);
}
