/**
 * One decision, one id, everywhere: response header, dynamic metadata (through the access log), decision log, log, trace. Real
 * Envoys, a real OIDC provider, a real collector; and an issuer that sees whose trace asks for its keys.
 */
import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Incoming, send } from "../../examples/demo/client.ts";
import { audience } from "../../examples/demo/policies.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import type { Topology } from "../../examples/demo/topology.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";
import { startTopology } from "../support/topology.ts";
import { checkOverGrpc } from "./check-over-grpc.ts";
import { type OtlpReceiver, startOtlpReceiver } from "./otlp-receiver.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
let receiver: OtlpReceiver;
let topology: Topology;
let folder: Folder;
let tokens: { readonly buyer: string; readonly guest: string };

beforeAll(async () => {
  [receiver, folder] = await Promise.all([startOtlpReceiver(), makeFolder()]);
  topology = await startTopology({
    checkTimeoutSeconds: 10,
    edgeServer: {
      log: "debug",
      decisionLog: { file: join(folder.path, "decisions.jsonl") },
      tracing: { endpoint: receiver.endpoint, sampleRatio: 0, serviceName: "edge" },
    },
  });
  const [buyer, guest] = await Promise.all([
    fetchToken(topology.issuer, "buyer", audience),
    fetchToken(topology.issuer, "guest", audience),
  ]);
  tokens = { buyer, guest };
});
afterAll(async () => {
  await topology?.stop();
  await receiver?.stop();
  await folder?.remove();
});

function ask(token: string, traceparent: string): Promise<Incoming> {
  const headers = { authorization: `Bearer ${token}`, traceparent, "x-secret-path": "no" };
  return send(topology.edge.port, { path: "/api/orders/7?secret=1", headers });
}

/** What a file says of a decision, once it is there. */
async function line(file: string, id: string): Promise<string> {
  const find = async () => (await readFile(file, "utf8")).split("\n").find((text) => text.includes(id)) ?? "";
  await expect.poll(find, { timeout: 10_000 }).not.toBe("");
  return find();
}

describe("the decision id is the same everywhere", () => {
  it.each([
    ["allowed", "buyer", 200, "allow", "allowed", "edge/buyers[0]"],
    ["denied", "guest", 403, "deny", "no_policy_allows", ""],
  ] as const)("%s", async (_, client, status, effect, reason, policy) => {
    const logged = topology.edgeServer.child.line((text) =>
      text.includes(effect === "allow" ? "check allowed" : "check denied") ? text : undefined,
    );
    const trace = TRACE.replace("0a", effect === "allow" ? "aa" : "dd");
    const answer = await ask(tokens[client], `00-${trace}-${SPAN}-01`);
    expect(answer.status).toBe(status);
    const id = String(answer.headers["x-countersign-decision-id"]);
    expect(id).toMatch(/^[0-9a-f-]{36}$/);

    const span = await receiver.span(({ attributes }) => attributes["countersign.decision_id"] === id);
    expect(span).toMatchObject({
      traceId: trace,
      parentSpanId: SPAN,
      kind: 2,
      status: 0,
      service: "edge",
      attributes: { "countersign.effect": effect, "countersign.reason": reason, "countersign.policy": policy },
      events: ["request", "authenticate", "authorize", ...(effect === "allow" ? ["mint"] : [])],
    });
    expect(span.end).toBeGreaterThan(span.start);
    // The access log reads the dynamic metadata.
    expect(JSON.parse(await line(topology.edgeLog, id))).toMatchObject({ decision_id: id, effect, reason });
    expect(JSON.parse(await line(join(folder.path, "decisions.jsonl"), id))).toMatchObject({ id, effect, reason });
    expect(JSON.parse(await logged)).toMatchObject({ id });
  });

  it("and nothing of the request is in a trace", () => {
    const sent = receiver.requests.map(({ text }) => text).join("");
    expect(receiver.spans.length).toBeGreaterThanOrEqual(2);
    for (const secret of ["secret", "orders/7", "eyJ", "buyer@", "client_id"]) expect(sent).not.toContain(secret);
  });

  it("a caller that does not record, and one that writes nonsense, cause no span", async () => {
    const before = receiver.spans.length;
    for (const traceparent of [`00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${"0".repeat(16)}-01`, "x".repeat(5000)]) {
      expect((await ask(tokens.buyer, traceparent)).status).toBe(200);
    }
    // Spans are sent in order: what these had caused would come before this one.
    const last = await ask(tokens.buyer, `00-${TRACE.replace("0a", "ff")}-${SPAN}-01`);
    const id = last.headers["x-countersign-decision-id"];
    await receiver.span(({ attributes }) => attributes["countersign.decision_id"] === id);
    expect(receiver.spans.length).toBe(before + 1);
  });

  it("what was sent is counted", async () => {
    const metrics = await (await fetch(`${topology.edgeServer.http}/metrics`)).text();
    expect(metrics).toMatch(/countersign_trace_spans_total\{outcome="exported"\} [1-9]/);
    expect(metrics).toContain('countersign_trace_spans_total{outcome="dropped"} 0');
  });
});

describe("fetches of keys", () => {
  it("that a check causes stand below it, and the issuer is told the trace", async () => {
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" });
    const seen: (string | undefined)[] = [];
    const issuer = createServer((request, response) => {
      const { traceparent } = request.headers;
      seen.push(typeof traceparent === "string" ? traceparent : undefined);
      response.end(JSON.stringify({ keys: [{ ...key, kid: "known", alg: "ES256", use: "sig" }] }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
    const bound = issuer.address();
    const url = `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
    const rule = { issuer: url, audiences: ["a"], jwksUri: `${url}/jwks` };
    const server = await startServer(
      {
        jwks: { allowPrivateAddresses: true, cooldownSeconds: 0 },
        tracing: { endpoint: receiver.endpoint, sampleRatio: 0, serviceName: "keys" },
      },
      [
        {
          apiVersion: "security.istio.io/v1",
          kind: "RequestAuthentication",
          metadata: { name: "idp", namespace: "istio-system" },
          spec: { jwtRules: [rule] },
        },
      ],
    );
    try {
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const claims = { iss: url, aud: "a", sub: "s", exp: 9_999_999_999 };
      const token = `${part({ alg: "ES256", kid: "other" })}.${part(claims)}.${"A".repeat(86)}`;
      await checkOverGrpc(server.grpc, {
        authorization: `Bearer ${token}`,
        traceparent: `00-${TRACE.replace("0a", "ee")}-${SPAN}-01`,
      });
      const fetched = await receiver.span(({ service, name }) => service === "keys" && name === "GET");
      const check = await receiver.span(({ service, kind }) => service === "keys" && kind === 2);
      expect(check.attributes["countersign.reason"]).toBe("token_key_unknown");
      expect(fetched).toMatchObject({
        traceId: check.traceId,
        parentSpanId: check.spanId,
        kind: 3,
        attributes: { "server.address": url.slice("http://".length), "countersign.keys": "document" },
      });
      // The first one was before any request, and is not recorded.
      expect(seen).toEqual([undefined, `00-${check.traceId}-${fetched.spanId}-01`]);
    } finally {
      await server.stop();
      await new Promise((resolve) => issuer.close(resolve));
    }
  });
});
