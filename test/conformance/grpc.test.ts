/** The conformance table again, over a socket: a real grpc-js client sends CheckRequests as a stock Envoy encodes them. */
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Check } from "../../ext-authz/check.ts";
import { type GrpcServer, startGrpcServer } from "../../ext-authz/transport/grpc-server.ts";
import { authorizationService } from "../../ext-authz/transport/protos.ts";
import { type FilledCase, fillCase, readCases } from "./cases.ts";
import { checkFor, contextExtensions } from "./harness.ts";

const NOW = 1_790_000_000;
let current: Check;
let server: GrpcServer;
let client: grpc.Client;

beforeAll(async () => {
  server = await startGrpcServer("127.0.0.1:0", {
    check: (incoming, signal) => current(incoming, signal),
    maxChecks: 10,
    newId: () => "id",
    revision: () => "r",
    observe: () => {},
    clock: () => 0,
  });
  client = new grpc.Client(server.address, grpc.credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await server.stop(1000);
});

interface Wire {
  readonly status: { readonly code: number };
  readonly ok_response?: object;
  readonly denied_response?: { readonly status: { readonly code: number }; readonly body: string };
}

function call(request: object): Promise<Wire> {
  const method = authorizationService["Check"];
  if (method === undefined) throw new Error("no Check");
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      { deadline: Date.now() + 10_000 },
      (error: grpc.ServiceError | null, value?: unknown) => (error === null ? resolve(value as Wire) : reject(error)),
    );
  });
}

/** As Envoy with encode_raw_headers and include_tls_session. */
function checkRequest(filled: FilledCase): object {
  const { request } = filled.source;
  const pseudo = [
    [":method", filled.method],
    [":path", filled.target],
    [":authority", filled.host],
  ] as const;
  const headers = [...pseudo, ...filled.headers].map(([key, value]) => ({
    key: key.toLowerCase(),
    raw_value: Buffer.from(value),
  }));
  const http = {
    method: filled.method,
    path: filled.target,
    host: filled.host,
    scheme: "http",
    header_map: { headers },
  };
  const peer = (address: string, port_value: number) => ({ address: { socket_address: { address, port_value } } });
  return {
    attributes: {
      source: { ...peer(request.source_ip, 4711), principal: request.source_principal ?? "" },
      destination: peer(request.destination_ip, request.destination_port),
      ...(request.protocol === "tcp" ? {} : { request: { http } }),
      context_extensions: contextExtensions(filled),
      tls_session: { sni: request.sni },
    },
  };
}

describe.each(["istio-authn", "istio-authz"] as const)("%s", (file) => {
  test.each(readCases(file).map((source) => [source.name, source] as const))("%s", async (_, source) => {
    const filled = fillCase(source, NOW);
    current = checkFor(filled, NOW);
    const reply = await call(checkRequest(filled));
    const status = reply.denied_response?.status.code ?? (reply.status.code === 0 && reply.ok_response ? 200 : 0);
    expect(status).toBe(source.expect.status);
    if (status === 200) return;
    expect([7, 16]).toContain(reply.status.code);
    if (source.expect.body !== undefined) expect(reply.denied_response?.body).toContain(source.expect.body);
  });
});
