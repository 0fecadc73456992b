/**
 * Guard and server agree behind a real Envoy: 10,000 generated requests go to a listener with both and to one with the
 * server alone. What the server alone allows, both allow; and the server behind the guard sees nothing that a client made up.
 */
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Client, openClient } from "../../bench/soak/client.ts";
import { clusters } from "../../envoy/cluster.ts";
import { checkCluster, extAuthz } from "../../envoy/ext-authz.ts";
import { guard } from "../../envoy/guard.ts";
import { connectionManager, listener, router } from "../../envoy/listener.ts";
import { type Config, socketAddress, type Zone } from "../../envoy/model.ts";
import { edgeZone } from "../../envoy/samples.ts";
import type { Check } from "../../ext-authz/check.ts";
import { ownedHeadersOf } from "../../ext-authz/resources/owned-headers.ts";
import { type GrpcServer, startGrpcServer } from "../../ext-authz/transport/grpc-server.ts";
import { listenerPorts } from "../conformance/envoy-listeners.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { type AgreementRequest, checkOf, policies, requests, resourcesOf } from "../wasm-filter/agreement-requests.ts";

const REQUESTS = 10_000;
const CLIENTS = 16;
const NOW = Math.floor(Date.now() / 1000);
const filter = new URL("../../wasm-filter/build/countersign.wasm", import.meta.url).pathname;
const local = (port: number) => ({ host: "127.0.0.1", port });

const checks: readonly Check[] = policies.map((objects) => checkOf(objects, "MERGE_SLASHES", () => Date.now() / 1000));
/** Header lines with a made-up value that the server was shown, by listener. */
const believed: string[] = [];
let server: GrpcServer;
let envoy: TestEnvoy;
let ports: ReadonlyMap<string, number>;

beforeAll(async () => {
  server = await startGrpcServer("127.0.0.1:0", {
    check: (incoming, signal) => {
      const index = Number(incoming.http?.headers.get("x-policies")?.[0]);
      const check = checks[index];
      if (check === undefined) throw new Error("a request without its policies");
      if (incoming.contextExtensions.get("workload") === "both") {
        for (const [name, lines] of incoming.http?.headers ?? []) if (isOwned(name)) believed.push(`${name}: ${lines}`);
      }
      const contextExtensions = new Map([["namespace", "shop"]]);
      return check({ ...incoming, contextExtensions }, signal);
    },
    maxChecks: 1000,
    newId: () => "id",
    revision: () => "r",
    observe: () => {},
    clock: () => 0,
  });
  envoy = await startEnvoy("both", bootstrap(Number(server.address.slice(server.address.lastIndexOf(":") + 1))));
  ports = await listenerPorts(envoy.admin);
});
afterAll(async () => {
  await envoy?.stop();
  await server?.stop(1000);
});

const isOwned = (name: string): boolean => /^(x[-_]user[-_]id|x[-_]countersign|txn[-_]token)/i.test(name);

function bootstrap(port: number): Config {
  const token = { required: false, openPaths: [], maxLength: 16384, clockSkewSeconds: 60, requireExpiry: true };
  const sample = edgeZone([{ id: "k1", secret: "A".repeat(43) }]);
  const zone = (name: string): Zone => ({
    ...sample,
    name,
    listener: local(0),
    admin: local(0),
    accessLog: "/dev/null",
    filter,
    check: { address: local(port), timeoutSeconds: 10 },
    ownedHeaders: ownedHeadersOf(policies.flatMap((objects) => resourcesOf(objects))),
    token: { ...token, algorithms: sample.token?.algorithms ?? [] },
  });
  const answer = (name: string): Config => ({
    name,
    virtual_hosts: [
      {
        name,
        domains: ["*"],
        routes: [
          {
            match: { prefix: "/" },
            direct_response: { status: 200 },
            typed_per_filter_config: {
              "envoy.filters.http.ext_authz": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute",
                check_settings: { context_extensions: { workload: name } },
              },
            },
          },
        ],
      },
    ],
  });
  const both = zone("both");
  const alone = zone("alone");
  // Underscores come in: that the guard reads them as dashes is what is to be shown.
  const lenient = { common_http_protocol_options: { max_headers_count: 100 } };
  return {
    admin: { address: socketAddress(local(0)) },
    static_resources: {
      listeners: [
        listener(both, {
          ...connectionManager(both, [guard(both), extAuthz(both), router], answer("both")),
          ...lenient,
        }),
        listener(alone, { ...connectionManager(alone, [extAuthz(alone), router], answer("alone")), ...lenient }),
      ],
      clusters: clusters(both).filter(({ name }) => name === checkCluster),
    },
  };
}

/** A connection that Envoy closed after an answer is opened again; a request is sent twice at most. */
function sender(name: string): (bytes: Buffer) => Promise<number> {
  let client: Client | undefined;
  const fresh = async (): Promise<Client> => {
    client = await openClient(ports.get(name) ?? 0);
    return client;
  };
  return async (bytes) => {
    try {
      return await (client ?? (await fresh())).send(bytes);
    } catch {
      return (await fresh()).send(bytes);
    }
  };
}

function bytesOf({ method, target, lines }: AgreementRequest, index: number): Buffer {
  const head = [`${method} ${target} HTTP/1.1`, "host: shop.example", `x-policies: ${index}`];
  const text = [...head, ...lines.map(([name, value]) => `${name}: ${value}`), "", ""].join("\r\n");
  return Buffer.from(text, "latin1");
}

it("10,000 requests: the guard refuses nothing that the server allows, and brings it nothing made up", async () => {
  const generated = fc.sample(fc.tuple(requests(NOW, 20), fc.nat(policies.length - 1)), { numRuns: REQUESTS, seed: 6 });
  const queue = generated.values();
  const wrong: string[] = [];
  const tally = new Map<string, number>();
  const worker = async (): Promise<void> => {
    const [both, alone] = [sender("both"), sender("alone")];
    for (const [request, index] of queue) {
      const bytes = bytesOf(request, index);
      let [guarded, decided] = [await both(bytes), await alone(bytes)];
      // A token may end between the two, and a busy machine may miss a deadline: what differs twice is no accident.
      if ((decided === 200) !== (guarded === 200)) [guarded, decided] = [await both(bytes), await alone(bytes)];
      const key = `${guarded}/${decided}`;
      tally.set(key, (tally.get(key) ?? 0) + 1);
      if ((decided === 200) !== (guarded === 200)) wrong.push(`${key} ${bytes.toString("latin1")}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, worker));
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(believed.slice(0, 5)).toEqual([]);
  expect([...tally.values()].reduce((sum, count) => sum + count, 0)).toBe(REQUESTS);
  expect(tally.get("200/200") ?? 0).toBeGreaterThan(500);
}, 300_000);
