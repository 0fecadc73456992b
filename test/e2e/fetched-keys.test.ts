/**
 * Keys by callout through real Envoys: a stamp and a guard that get their keys from a real server, and a rotation by writing
 * its file, while requests come: none is refused, nothing is restarted.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Config, socketAddress } from "../../envoy/model.ts";
import { send } from "../../examples/demo/client.ts";
import type { TestEnvoy } from "../support/envoy.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { ECDSA } from "../wasm-filter/keys.ts";
import { type JsonFields, OTHER_SECRET, SECRET, STAMP, ZONE } from "../wasm-filter/stands.ts";
import { answer, stamping, stands, startZone } from "../wasm-filter/two-zones.ts";

const TOKEN = "a-token-of-the-proxies";
const K1 = { id: "k1", secret: SECRET };
const K2 = { id: "k2", secret: OTHER_SECRET };
const FROM = { cluster: "countersign-http", tokenEnv: "STAMP_TOKEN", pollMilliseconds: 1000 };

/** A server needs something to decide by. */
const policy = {
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "none", namespace: "default" },
  spec: {},
};

/** Of one proxy with one worker: the main thread has one too. */
const VMS = 2;

let folder: Folder;
let server: TestServer;
let inner: TestEnvoy;
let outer: TestEnvoy;
const rotate = (keys: readonly JsonFields[], sign: string) =>
  writeFile(join(folder.path, "keys.json"), JSON.stringify({ keys, sign }));

beforeAll(async () => {
  folder = await makeFolder();
  await writeFile(join(folder.path, "token"), TOKEN);
  await rotate([K1], "k1");
  const stampKeys = { file: join(folder.path, "keys.json"), tokenFile: join(folder.path, "token") };
  server = await startServer({ stampKeys }, [policy]);
  const guard = withToken(stands("guard", { ...ZONE, stamp: { zones: ["edge"], keysFrom: FROM } }));
  inner = await startZone("inner", { filters: [guard], routes: [seen], clusters: [keysCluster()] });
  const { keys: _, sign: __, ...stamp } = STAMP;
  outer = await startZone("outer", {
    routes: [{ match: { prefix: "/" }, route: { cluster: "inner" } }],
    clusters: [
      stamping("inner", inner.port, [withToken(stands("stamp", { ...stamp, keysFrom: FROM }))]),
      keysCluster(),
    ],
  });
}, 180_000);
afterAll(async () => {
  await outer?.stop();
  await inner?.stop();
  await server?.stop();
  await folder?.remove();
});

/** Shows the stamp that it got. */
const seen: Config = {
  ...answer,
  response_headers_to_add: [
    { header: { key: "x-seen", value: "%REQ(signature-input)%" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
  ],
};

function keysCluster(): Config {
  const [host = "", port = ""] = new URL(server.http).host.split(":");
  const address = socketAddress({ host, port: Number(port) });
  return {
    name: "countersign-http",
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: "countersign-http",
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
  };
}

function withToken(config: Config): Config {
  const member = `"environment_variables":${JSON.stringify({ key_values: { STAMP_TOKEN: TOKEN } })},"runtime"`;
  return JSON.parse(JSON.stringify(config).replace('"runtime"', member));
}

const ask = async () => {
  const { status, headers } = await send(outer.port, { path: "/orders" });
  return { status, key: /keyid="([^"]*)"/.exec(String(headers["x-seen"]))?.[1] };
};
/** Times that stands of this proxy took new keys, in all workers. */
async function taken(envoy: TestEnvoy, stand: string): Promise<number> {
  const text = await (await fetch(`${envoy.admin}/stats?filter=keys.changed`)).text();
  return Number(new RegExp(`countersign\\.${stand}\\.keys\\.changed: (\\d+)`).exec(text)?.[1] ?? 0);
}

it("a rotation by the file alone refuses no request", { timeout: 120_000 }, async () => {
  await expect.poll(ask, { timeout: 15_000 }).toEqual({ status: 200, key: "k1" });
  for (const [envoy, name] of [
    [inner, "guard"],
    [outer, "stamp"],
  ] as const) {
    await expect.poll(() => taken(envoy, name), { timeout: 15_000 }).toBe(VMS);
  }
  const counts = new Map<string, number>();
  let over = false;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (!over) {
        const { status, key } = await ask();
        counts.set(`${status} ${key}`, (counts.get(`${status} ${key}`) ?? 0) + 1);
      }
    }),
  );
  const step = async (envoy: TestEnvoy, stand: string, keys: readonly JsonFields[], sign: string) => {
    const before = await taken(envoy, stand);
    await rotate(keys, sign);
    await expect.poll(() => taken(envoy, stand), { timeout: 15_000 }).toBe(before + VMS);
  };
  await step(inner, "guard", [K1, K2, ECDSA.signing], "k1");
  await step(outer, "stamp", [K1, K2, ECDSA.signing], "k2");
  await expect.poll(async () => (await ask()).key, { timeout: 15_000 }).toBe("k2");
  await step(outer, "stamp", [K2, ECDSA.signing], "ec1");
  await expect.poll(async () => (await ask()).key, { timeout: 15_000 }).toBe("ec1");
  over = true;
  await load;
  expect([...counts.keys()].sort()).toEqual(["200 ec1", "200 k1", "200 k2"]);
  expect([...counts.values()].reduce((a, b) => a + b)).toBeGreaterThan(300);
});

it("without the server all goes on with the keys that are in; a proxy that starts then lets nothing pass", async () => {
  await server.stop("SIGKILL");
  expect(await ask()).toEqual({ status: 200, key: "ec1" });
  const guard = withToken(stands("guard", { ...ZONE, stamp: { zones: ["edge"], keysFrom: FROM } }));
  const late = await startZone("late", { filters: [guard], routes: [seen], clusters: [keysCluster()] });
  try {
    expect((await send(late.port, { path: "/orders" })).status).toBe(503);
    expect((await fetch(`${late.admin}/stats?filter=refused.keys_missing`)).ok).toBe(true);
  } finally {
    await late.stop();
  }
});
