/**
 * The published bypasses (test/cases/bypasses.json) through real Envoys, byte for byte over HTTP/1.1 and HTTP/2: at a stock
 * connection manager with the guard alone, and at the edge as it is shipped, with a token that would be let in.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guard } from "../../envoy/guard.ts";
import { listener, router } from "../../envoy/listener.ts";
import { type Config, socketAddress, typed } from "../../envoy/model.ts";
import { edgeZone } from "../../envoy/samples.ts";
import { audience } from "../../examples/demo/policies.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import type { Topology } from "../../examples/demo/topology.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { sendRaw } from "../support/raw-http.ts";
import { startTopology } from "../support/topology.ts";
import { type Service, startService } from "./bypasses-service.ts";
import { sendHttp2 } from "./raw-http2.ts";

interface Case {
  readonly name: string;
  readonly source: string;
  readonly at: "bare" | "edge";
  readonly over: readonly ("h1" | "h2")[];
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly expect: "clean" | "refused" | "safe";
  readonly body?: string;
  readonly trailers?: readonly (readonly [string, string])[];
  readonly raw?: readonly string[];
}

const file = new URL("../cases/bypasses.json", import.meta.url);
const { cases }: { readonly cases: readonly Case[] } = JSON.parse(readFileSync(file, "utf8"));

const filter = new URL("../../wasm-filter/build/countersign.wasm", import.meta.url).pathname;
let service: Service;
let bare: TestEnvoy;
let topology: Topology;
let token: string;
beforeAll(async () => {
  service = await startService();
  bare = await startEnvoy("bare", bareBootstrap(service.port));
  topology = await startTopology({ checkTimeoutSeconds: 10 });
  token = await fetchToken(topology.issuer, "buyer", audience);
});
afterAll(async () => {
  await topology?.stop();
  await bare?.stop();
  await service?.stop();
});

/** Everything that a stock Envoy lets in is let in: what is kept out, the guard kept out. */
function bareBootstrap(port: number): Config {
  const free = { host: "127.0.0.1", port: 0 };
  const zone = { ...edgeZone([{ id: "k1", secret: "A".repeat(43) }]), filter, listener: free, token: undefined };
  const manager = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: "bare",
    normalize_path: true,
    merge_slashes: true,
    http_protocol_options: { enable_trailers: true },
    http_filters: [guard(zone), router],
    route_config: {
      name: "bare",
      virtual_hosts: [
        { name: "bare", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "service" } }] },
      ],
    },
  });
  const protocol = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  const address = socketAddress({ host: "127.0.0.1", port });
  return {
    admin: { address: socketAddress(free) },
    static_resources: {
      listeners: [{ ...listener(zone, manager), name: "bare" }],
      clusters: [
        {
          name: "service",
          type: "STATIC",
          load_assignment: { cluster_name: "service", endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
          typed_extension_protocol_options: {
            [protocol]: typed(protocol, {
              explicit_http_config: { http_protocol_options: { enable_trailers: true } },
            }),
          },
        },
      ],
    },
  };
}

/** What came back, as far as it is the service's. */
async function send(row: Case, over: "h1" | "h2"): Promise<string> {
  const port = row.at === "edge" ? topology.edge.port : bare.port;
  const credential: readonly (readonly [string, string])[] =
    row.at === "edge" ? [["authorization", `Bearer ${token}`]] : [];
  const { method, path, body = "", trailers = [] } = row;
  if (over === "h2") {
    const pseudo = [":method", method, ":scheme", "http", ":authority", "edge.example", ":path", path];
    const lines = pseudo.flatMap((name, i) => (i % 2 === 0 ? [[name, pseudo[i + 1] ?? ""] as const] : []));
    return sendHttp2(port, { headers: [...lines, ...credential, ...row.headers], body, trailers });
  }
  const chunked = trailers.length > 0;
  const text = (lines: readonly (readonly [string, string])[]) => lines.map(([name, value]) => `${name}: ${value}`);
  const head = [`${method} ${path} HTTP/1.1`, "host: edge.example", ...text([...credential, ...row.headers])];
  const framing = chunked ? ["transfer-encoding: chunked"] : [];
  const chunks = `${body.length}\r\n${body}\r\n0\r\n${text(trailers).join("\r\n")}\r\n\r\n`;
  const bytes = [...head, ...framing, ...(row.raw ?? [])].map((line) => Buffer.from(line, "latin1"));
  return (await sendRaw(port, bytes, chunked ? chunks : body)).text;
}

const served = (row: Case, text: string): boolean => text.includes(row.at === "edge" ? '"headers":' : "SERVED");

/** The service's own words, without what proxies legitimately hand on. */
function forgedIn(text: string): readonly string[] {
  return text.split(/\r?\n/).filter((line) => line.includes("forged") && !/^x-request-id:/i.test(line));
}

describe.each(["h1", "h2"] as const)("over %s", (over) => {
  const rows = cases.filter((row) => row.over.includes(over));
  it("the table is all there", () => expect(rows.length).toBeGreaterThan(100));

  it.each(rows.map((row) => [row.name, row] as const))("%s", async (_, row) => {
    const before = service.arrived();
    const text = await send(row, over);
    if (row.expect === "refused") {
      expect(served(row, text), text).toBe(false);
      if (row.at === "bare") expect(service.arrived()).toBe(before);
      return;
    }
    if (row.expect === "clean") expect(served(row, text), text).toBe(true);
    if (served(row, text)) expect(row.expect === "safe" ? identities(text) : forgedIn(text), text).toEqual([]);
  });
});

/** Only what services take identity from. */
function identities(text: string): readonly string[] {
  const forged = /"x[-_]client[-_][a-z]+"[,:]\[?"[^"]*forged|"txn[-_]token"[,:]\[?"[^"]*forged/i;
  return forgedIn(text).filter((line) => forged.test(line));
}
