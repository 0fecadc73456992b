/**
 * Signed responses through real Envoys: the stamp in the upstream chain takes what the zone's guard signed for this request, and
 * answers 502 itself in place of anything else.
 */
import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Config } from "../../envoy/model.ts";
import { send } from "../../examples/demo/client.ts";
import type { TestEnvoy } from "../support/envoy.ts";
import { ECDSA } from "../wasm-filter/keys.ts";
import { type JsonFields, SECRET, STAMP, ZONE } from "../wasm-filter/stands.ts";
import { stamping, stands, startZone } from "../wasm-filter/two-zones.ts";

const R1 = { id: "r1", secret: SECRET };
const path = { maxLength: 200, refuseAmbiguous: true };
const GUARD: JsonFields = { ...ZONE, path, responses: { sign: "r1", keys: [R1] } };
const PAIR: JsonFields = { ...ZONE, responses: { sign: "ec1", keys: [ECDSA.signing] } };
const STAMPS: JsonFields = { ...STAMP, responses: { keys: [R1, ECDSA.verifying] } };

let service: Server;
let inner: TestEnvoy;
let pair: TestEnvoy;
let unsigned: TestEnvoy;
let outer: TestEnvoy;
let downstream: TestEnvoy;

beforeAll(async () => {
  service = createServer((request, response) => {
    const status = Number(/status=(\d+)/.exec(request.url ?? "")?.[1] ?? 200);
    response.writeHead(status, {
      "content-digest": "sha-256=:AAAA:",
      signature: "x=:AA==:",
      "x-forged": "countersign",
    });
    request.pipe(response);
    if (request.method === "GET") response.end(`answer to ${request.url}\n`);
  });
  await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
  const bound = service.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const zone = (name: string, guard: JsonFields) =>
    startZone(name, {
      filters: [stands("guard", guard)],
      routes: [{ match: { prefix: "/" }, route: { cluster: "service" } }],
      clusters: [stamping("service", port, [])],
    });
  inner = await zone("inner", GUARD);
  pair = await zone("pair", PAIR);
  unsigned = await zone("unsigned", ZONE);
  const stamp = stands("stamp", STAMPS);
  const to = (cluster: string): Config => ({
    match: { prefix: `/${cluster}/` },
    route: { cluster, prefix_rewrite: "/", retry_policy: { retry_on: "5xx", num_retries: 2 } },
  });
  outer = await startZone("outer", {
    routes: [to("inner"), to("pair"), to("unsigned"), to("bare")],
    clusters: [
      stamping("inner", inner.port, [stamp]),
      stamping("pair", pair.port, [stamp]),
      stamping("unsigned", unsigned.port, [stamp]),
      stamping("bare", port, [stamp]),
    ],
  });
  downstream = await startZone("downstream", {
    filters: [stamp],
    routes: ["inner", "unsigned"].map((cluster) => ({ match: { prefix: `/${cluster}` }, route: { cluster } })),
    clusters: [stamping("inner", inner.port, []), stamping("unsigned", unsigned.port, [])],
  });
}, 180_000);
afterAll(async () => {
  for (const envoy of [downstream, outer, unsigned, pair, inner]) await envoy?.stop();
  service?.close();
});

const problem = expect.stringContaining('"status":502,"detail":"The answer did not come from the zone"');

it.each([
  ["/inner/a?b=c", 200, "answer to /a?b=c\n"],
  ["/inner/a?status=404", 404, "answer to /a?status=404\n"],
  ["/inner/a?status=503", 503, "answer to /a?status=503\n"],
  ["/pair/a", 200, "answer to /a\n"],
  ["/unsigned/a", 502, problem],
  ["/unsigned/a?status=404", 502, problem],
  ["/bare/a", 502, problem],
])("%s is %i", async (asked, status, body) => {
  const got = await send(outer.port, { path: asked });
  expect([got.status, got.body]).toEqual([status, body]);
  if (status !== 502) expect(got.headers).toMatchObject({ signature: "x=:AA==:", "content-digest": "sha-256=:AAAA:" });
  expect(got.headers["signature-input"]).toBeUndefined();
});

it("what the zone's guard refuses after the stamp held is its own answer", async () => {
  const got = await send(outer.port, { path: `/inner/${"a".repeat(300)}` });
  expect([got.status, got.body]).toEqual([403, expect.stringContaining("The request target is too long")]);
});

it("many at once keep apart", async () => {
  const asked = Array.from({ length: 200 }, (_, i) => `/${i % 2 ? "inner" : "pair"}/${i}`);
  const answers = await Promise.all(asked.map((path) => send(outer.port, { path })));
  expect(answers.map(({ status }) => status)).toEqual(asked.map(() => 200));
});

it("downstream, right before the router, it is the same", async () => {
  const ask = async (path: string) => (await send(downstream.port, { path })).status;
  expect([await ask("/inner/a"), await ask("/unsigned/a"), await ask("/nowhere")]).toEqual([200, 502, 502]);
});
