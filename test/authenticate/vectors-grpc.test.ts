/** The table of hostile signatures once more, over a socket: what a stock Envoy would be told, with the keys in a policy. */
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Check, createCheck } from "../../ext-authz/check.ts";
import { defaults } from "../../ext-authz/config/defaults.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import { compileSnapshot } from "../../ext-authz/snapshot.ts";
import { type GrpcServer, startGrpcServer } from "../../ext-authz/transport/grpc-server.ts";
import { authorizationService } from "../../ext-authz/transport/protos.ts";
import { ISSUER, inlineSource, NOW } from "./forge.ts";
import { allVectors } from "./vectors-all.ts";

let current: Check;
let server: GrpcServer;
let client: grpc.Client;

beforeAll(async () => {
  server = await startGrpcServer("127.0.0.1:0", {
    check: (incoming, signal) => current(incoming, signal),
    ...{ maxChecks: 10, newId: () => "id", revision: () => "r", observe: () => {}, clock: () => 0 },
  });
  client = new grpc.Client(server.address, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await server.stop(1000);
});

/** Strict, as configured out of the box: an ALLOW for whoever has a token. */
function checkFor(jwks: string): Check {
  const resource = (kind: string, spec: object) => ({
    ...{ apiVersion: "security.istio.io/v1", kind, metadata: { name: "p", namespace: "default" }, spec },
  });
  const items = [
    resource("RequestAuthentication", { jwtRules: [{ issuer: ISSUER, audiences: ["svc"], jwks }] }),
    resource("AuthorizationPolicy", { rules: [{ from: [{ source: { requestPrincipals: ["*"] } }] }] }),
  ];
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const snapshot = compileSnapshot(readResources([{ file: "p.json", text }]).resources, {
    ...{ mesh: defaults.mesh, limits: defaults.limits, clockSkewSeconds: 60 },
    keys: { sourceFor: inlineSource(true) },
    compileMint: () => {
      throw new Error("nothing is minted here");
    },
    hash: (value) => value,
  });
  return createCheck({
    snapshot: () => snapshot,
    request: {
      ...{ strict: true, pathNormalization: "BASE", pathLength: 8192, clientAddress: defaults.clientAddress },
      workload: { namespace: "default", name: "", labels: new Map() },
    },
    now: () => NOW,
    newId: () => "id",
  });
}

interface Wire {
  readonly status: { readonly code: number };
  readonly ok_response?: object;
  readonly denied_response?: { readonly status: { readonly code: number } };
}

function ask(raw: string): Promise<Wire> {
  const method = authorizationService["Check"];
  if (method === undefined) throw new Error("no Check");
  const line = (key: string, value: string) => ({ key, raw_value: Buffer.from(value) });
  const headers = [line(":method", "GET"), line(":path", "/"), line(":authority", "svc.example")];
  const http = { method: "GET", path: "/", host: "svc.example", scheme: "http" };
  const peer = { address: { socket_address: { address: "10.0.0.1", port_value: 1 } } };
  const header_map = { headers: [...headers, line("authorization", `Bearer ${raw}`)] };
  const request = { attributes: { source: peer, destination: peer, request: { http: { ...http, header_map } } } };
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      ...([method.path, method.requestSerialize, method.responseDeserialize, request] as const),
      { deadline: Date.now() + 10_000 },
      (error: grpc.ServiceError | null, value?: unknown) => (error === null ? resolve(value as Wire) : reject(error)),
    );
  });
}

test("over gRPC: the good ones pass, all others answer 401", async () => {
  const wrong: string[] = [];
  let jwks = "";
  for (const vector of allVectors) {
    if (vector.jwks !== jwks) current = checkFor(vector.jwks);
    jwks = vector.jwks;
    const { status, ok_response, denied_response } = await ask(vector.raw);
    const said =
      status.code === 0 && ok_response ? 200 : status.code === 16 ? denied_response?.status.code : status.code;
    if (said !== (vector.accepted ? 200 : 401)) wrong.push(`${vector.name}: ${said}`);
  }
  expect(wrong).toEqual([]);
});
