/**
 * The conformance table through a real Envoy: what it makes of headers, paths, hosts and addresses is what is decided,
 * and what it does with the answer is what client and service get. A case's workload, SPIFFE id and SNI are filled in at
 * the check, since one plaintext listener cannot show them. TCP cases go through Envoy's network ext_authz.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Echo, startEcho } from "../../examples/demo/echo.ts";
import type { Check } from "../../ext-authz/check.ts";
import type { Incoming } from "../../ext-authz/request/incoming.ts";
import { type GrpcServer, startGrpcServer } from "../../ext-authz/transport/grpc-server.ts";
import { type FilledCase, fillCase, readCases } from "../conformance/cases.ts";
import { conformanceBootstrap, listenerPorts } from "../conformance/envoy-listeners.ts";
import { checkFor, contextExtensions } from "../conformance/harness.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { sendBytes } from "../support/raw-http.ts";

const NOW = 1_790_000_000;
let current: Check;
let server: GrpcServer;
let upstream: Echo;
let envoy: TestEnvoy;
let ports: ReadonlyMap<string, number>;

beforeAll(async () => {
  server = await startGrpcServer("127.0.0.1:0", {
    check: (incoming, signal) => current(incoming, signal),
    maxChecks: 10,
    newId: () => "id",
    revision: () => "r",
    observe: () => {},
    clock: () => 0,
  });
  upstream = await startEcho();
  const checkPort = Number(server.address.slice(server.address.lastIndexOf(":") + 1));
  envoy = await startEnvoy("BASE", conformanceBootstrap(checkPort, upstream.port));
  ports = await listenerPorts(envoy.admin);
});

afterAll(async () => {
  await envoy?.stop();
  await upstream?.stop();
  await server?.stop(1000);
});

function toCheck(filled: FilledCase): Check {
  const check = checkFor(filled, NOW);
  const { request } = filled.source;
  return (incoming, signal) => {
    const seen: Incoming = {
      ...incoming,
      source: { ...incoming.source, principal: request.source_principal ?? "" },
      sni: request.sni,
      contextExtensions: new Map(Object.entries(contextExtensions(filled))),
    };
    return check(seen, signal);
  };
}

/** PROXY protocol v1, then the request as the case writes it. */
function bytesOf(filled: FilledCase): Buffer {
  const { source_ip, destination_ip, destination_port } = filled.source.request;
  const family = source_ip.includes(":") ? "TCP6" : "TCP4";
  // Both ends are of one family in the protocol's header.
  const destination = family === "TCP6" && !destination_ip.includes(":") ? `::ffff:${destination_ip}` : destination_ip;
  const lines = [
    `PROXY ${family} ${source_ip} ${destination} 4711 ${destination_port}`,
    `${filled.method} ${filled.target} HTTP/1.1`,
    `host: ${filled.host}`,
    ...filled.headers.map(([name, value]) => `${name}: ${value}`),
    "connection: close",
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "utf8");
}

/** What a stock Envoy refuses before it asks anybody: a fragment in the target (CVE-2021-32779). */
const refusedByEnvoy: ReadonlyMap<string, number> = new Map([["normalization/deny BASE /admin#x vs /admin", 400]]);

const reachable = (file: "istio-authn" | "istio-authz") =>
  readCases(file).filter((source) => source.request.protocol !== "tcp" && source.request.method !== null);

describe.each([
  ["istio-authn", 100],
  ["istio-authz", 200],
] as const)("%s", (file, least) => {
  const cases = reachable(file);

  it("enough of the table goes through Envoy", () => expect(cases.length).toBeGreaterThan(least));

  it.each(cases.map((source) => [source.name, source] as const))("%s", async (_, source) => {
    const filled = fillCase(source, NOW);
    current = toCheck(filled);
    const port = ports.get(source.mesh?.pathNormalization ?? "BASE") ?? 0;
    const answer = await sendBytes(port, bytesOf(filled));
    const early = refusedByEnvoy.get(source.name);
    expect(answer.statuses, answer.text).toEqual([early ?? source.expect.status]);
    if (early !== undefined) return;
    const text = answer.text.toLowerCase();
    if (source.expect.status !== 200) {
      expect(answer.text).toContain(source.expect.body ?? "");
      expect(text).toContain((source.expect.www_authenticate_contains ?? "").toLowerCase());
      return;
    }
    const seen = new Map(Object.entries(headersOf(answer.text)));
    for (const [name, value] of filled.expectedHeaders) {
      expect([name, seen.get(name)?.join(",") ?? null]).toEqual([name, value]);
    }
  });
});

describe("TCP", () => {
  const cases = readCases("istio-authz").filter((source) => source.request.protocol === "tcp");

  it("has cases", () => expect(cases.length).toBeGreaterThan(10));

  it.each(cases.map((source) => [source.name, source] as const))("%s", async (_, source) => {
    const filled = fillCase(source, NOW);
    current = toCheck(filled);
    // What flows is HTTP, so that the echo answers what was let through; Envoy looks at none of it.
    const spoken = { ...filled, method: "GET", target: "/", host: "tcp.example", headers: [] };
    // A refused connection is closed, or reset when bytes were under way.
    const answer = await sendBytes(ports.get("TCP") ?? 0, bytesOf(spoken)).catch(() => ({ statuses: [] }));
    expect(answer.statuses).toEqual(source.expect.status === 200 ? [200] : []);
  });
});

/** What the service saw, out of the echo's answer. */
function headersOf(text: string): Readonly<Record<string, readonly string[]>> {
  const line = text.split("\n").find((candidate) => candidate.startsWith('{"method"'));
  const body: unknown = JSON.parse(line ?? "{}");
  if (typeof body !== "object" || body === null || !("headers" in body)) throw new Error(`no echo in ${text}`);
  const headers = body.headers;
  if (typeof headers !== "object" || headers === null) throw new Error("the echo has no headers");
  return Object.fromEntries(
    Object.entries(headers).map(([name, values]) => [name, Array.isArray(values) ? values.map(String) : []]),
  );
}
