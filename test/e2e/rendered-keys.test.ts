/**
 * What `render` writes for zones with `keysFrom`, `contentDigest` and `responses`, run as it is: two real Envoys and the server
 * whose settings it read. The proxies' environment holds a token and no key.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { freePort } from "../../bench/peers/free-port.ts";
import { send } from "../../examples/demo/client.ts";
import { type Echo, startEcho } from "../../examples/demo/echo.ts";
import { type RunningServer, startServer } from "../../examples/demo/server-process.ts";
import { run } from "../cli/run-command.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { filterPath } from "../wasm-filter/build-filter.ts";
import { ECDSA } from "../wasm-filter/keys.ts";
import { SECRET } from "../wasm-filter/stands.ts";

const TOKENS = { COUNTERSIGN_TEST_SIGNS: "a-token-for-what-signs", COUNTERSIGN_TEST_VERIFIES: "a-token-for-guards" };
const allowAll = {
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "all", namespace: "default" },
  spec: { rules: [{}] },
};

let folder: Folder;
let server: RunningServer;
let echo: Echo;
let inner: TestEnvoy;
let edge: TestEnvoy;

/** As an operator writes it; `inner` = the address that the edge sends to. */
const description = (inner: string): string => `
filter: { file: ${filterPath()}, sha256: ${"a".repeat(64)} }
zones:
  edge:
    inbound: edge
    listen: 127.0.0.1:0
    admin: 127.0.0.1:0
    accessLog: ${join(folder.path, "edge.log")}
    server: check
    timeoutSeconds: 5
    workload: { namespace: default, name: gateway }
    keysFrom: { tokenEnv: COUNTERSIGN_TEST_SIGNS, pollMilliseconds: 1000 }
    routes: [{ prefix: /api/, rewrite: /, to: inner }]
  inner:
    inbound: zone
    listen: 127.0.0.1:0
    admin: 127.0.0.1:0
    accessLog: ${join(folder.path, "inner.log")}
    address: ${inner}
    server: check
    timeoutSeconds: 5
    keysFrom: { tokenEnv: COUNTERSIGN_TEST_SIGNS, verifyTokenEnv: COUNTERSIGN_TEST_VERIFIES, pollMilliseconds: 1000 }
    contentDigest: { maxBytes: 100000 }
    responses: {}
    routes: [{ prefix: /, to: service }]
servers:
  check: { settings: ./server.yaml, host: 127.0.0.1 }
services:
  service: { address: "127.0.0.1:${echo.port}", workload: { namespace: default, name: service } }
`;

async function rendered(zone: string, innerAddress: string): Promise<TestEnvoy> {
  const [file, out] = [join(folder.path, "zones.yaml"), join(folder.path, `for-${zone}`)];
  await writeFile(file, description(innerAddress));
  const made = await run("render", file, "--target", "envoy", "--out", out);
  expect([made.code, made.err]).toEqual([0, ""]);
  const text = await readFile(join(out, `${zone}.yaml`), "utf8");
  expect(text).not.toContain(SECRET);
  expect((await run("doctor", "envoy", join(out, `${zone}.yaml`))).code).toBe(0);
  return startEnvoy(zone, parse(text));
}

beforeAll(async () => {
  Object.assign(process.env, TOKENS);
  folder = await makeFolder();
  echo = await startEcho();
  const at = (name: string) => join(folder.path, name);
  await writeFile(at("keys.json"), JSON.stringify({ keys: [{ id: "k1", secret: SECRET }, ECDSA.signing], sign: "k1" }));
  await writeFile(at("signs"), TOKENS.COUNTERSIGN_TEST_SIGNS);
  await writeFile(at("verifies"), TOKENS.COUNTERSIGN_TEST_VERIFIES);
  const settings = {
    listen: { grpc: `127.0.0.1:${await freePort()}`, http: `127.0.0.1:${await freePort()}` },
    pathNormalization: "MERGE_SLASHES",
    stampKeys: { file: at("keys.json"), tokenFile: at("signs"), verifyTokenFile: at("verifies") },
  };
  await writeFile(at("policies.yaml"), stringify(allowAll));
  await writeFile(at("server.yaml"), stringify({ ...settings, policies: ["policies.yaml"] }));
  server = await startServer("check", settings, [allowAll], folder.path);
  inner = await rendered("inner", "127.0.0.1:1");
  edge = await rendered("edge", `127.0.0.1:${inner.port}`);
}, 180_000);
/** Until its keys are in a stand refuses. */
beforeEach(() => expect.poll(async () => (await ask()).status, { timeout: 20_000 }).toBe(200));
afterAll(async () => {
  for (const name of Object.keys(TOKENS)) delete process.env[name];
  await edge?.stop();
  await inner?.stop();
  await server?.child.stop();
  await echo?.stop();
  await folder?.remove();
});

const ask = () => send(edge.port, { path: "/api/orders" });
const post = (length: number) =>
  fetch(`http://127.0.0.1:${edge.port}/api/orders`, { method: "POST", body: "b".repeat(length) });

it("a stamp of a fetched key is verified with a fetched key", async () => {
  const got = await ask();
  expect(got.status).toBe(200);
  expect(got.headers["signature"]).toBeUndefined();
  const { headers } = JSON.parse(got.body);
  expect(JSON.stringify(headers)).toContain('keyid=\\"k1\\"');
  expect((await send(inner.port, { path: "/orders" })).status).toBe(403);
});

it("a body comes through as it was stamped, larger than a connection's usual buffer too", async () => {
  for (const length of [1, 60_000, 100_000]) {
    const got = await post(length);
    expect([length, got.status]).toEqual([length, 200]);
    expect(await got.text()).toContain("content-digest");
  }
  expect((await post(100_001)).status).toBe(413);
});

it("an answer of nobody's is none", async () => {
  const [file, out] = [join(folder.path, "zones.yaml"), join(folder.path, "for-nobody")];
  await writeFile(file, description(`127.0.0.1:${echo.port}`));
  expect((await run("render", file, "--target", "envoy", "--out", out)).code).toBe(0);
  const astray = await startEnvoy("edge", parse(await readFile(join(out, "edge.yaml"), "utf8")));
  try {
    await expect.poll(async () => (await send(astray.port, { path: "/api/a" })).status, { timeout: 20_000 }).toBe(502);
  } finally {
    await astray.stop();
  }
});
