/** Files that Envoy watches: `countersign render --target xds` again, and a running Envoy does the new thing. */
import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { send } from "../../examples/demo/client.ts";
import { type Echo, startEcho } from "../../examples/demo/echo.ts";
import { type RunningServer, startServer } from "../../examples/demo/server-process.ts";
import { restamp, type Stamped } from "../../examples/demo/stamp.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { run } from "../cli/run-command.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { type Folder, makeFolder } from "../support/folder.ts";

const filter = fileURLToPath(new URL("wasm-filter/build/countersign.wasm", packageRoot));
const DEADLINE_MS = 30_000;

let folder: Folder;
let echo: Echo;
let server: RunningServer;
let envoy: TestEnvoy;
const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  folder = await makeFolder();
  echo = await startEcho();
  server = await startServer("any", { ...settings("127.0.0.1:0"), strict: true }, [anybody], folder.path);
  await writeFile(at("countersign.yaml"), stringify(settings(`127.0.0.1:${server.grpc.port}`)));
  await writeFile(at("stamp.key"), secret());
  await describeZones([]);
  expect((await render()).err).toBe("");
  const bootstrap = parse(await readFile(at("out/edge/envoy.yaml"), "utf8"));
  envoy = await startEnvoy("edge", bootstrap);
});
afterAll(async () => {
  await envoy?.stop();
  await server?.child.stop();
  await echo?.stop();
  await folder.remove();
});

const settings = (grpc: string) => ({
  listen: { grpc, http: "127.0.0.1:0" },
  pathNormalization: "MERGE_SLASHES",
});
const anybody = {
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: "anybody", namespace: "istio-system" },
  spec: { rules: [{}] },
};
const secret = (): string => randomBytes(32).toString("base64url");
const render = () => run("render", at("zones.yaml"), "--target", "xds", "--out", at("out"));

/** The echo stands for the next zone: it shows what left the edge. */
async function describeZones(ownedHeaders: readonly string[], routes: readonly object[] = []): Promise<void> {
  const zones = {
    edge: {
      inbound: "edge",
      listen: "127.0.0.1:0",
      admin: "127.0.0.1:0",
      accessLog: at("edge.log"),
      server: "any",
      timeoutSeconds: 5,
      workload: { namespace: "edge", name: "gateway" },
      ownedHeaders,
      routes: [...routes, { prefix: "/", to: "inner" }],
    },
    inner: {
      inbound: "zone",
      listen: "127.0.0.1:10000",
      address: `127.0.0.1:${echo.port}`,
      server: "any",
      workload: { namespace: "shop", name: "orders" },
      routes: [{ prefix: "/", to: "orders" }],
    },
  };
  const description = {
    folder: at("out"),
    filter: { file: filter },
    keys: [{ id: "k1", secretFile: "./stamp.key" }],
    zones,
    servers: { any: { settings: "./countersign.yaml", host: "127.0.0.1" } },
    services: { orders: { address: `127.0.0.1:${echo.port}`, workload: { namespace: "shop", name: "orders" } } },
  };
  await writeFile(at("zones.yaml"), stringify(description));
}

async function seenInside(): Promise<Readonly<Record<string, string>>> {
  const { status, body } = await send(envoy.port, { path: "/orders", headers: { "x-team": "blue" } });
  expect(status).toBe(200);
  const { headers }: { headers: Record<string, string[]> } = JSON.parse(body);
  return Object.fromEntries(Object.entries(headers).map(([name, lines]) => [name, lines.join(", ")]));
}

/** Whether the stamp that left the edge was made with the key. */
async function stampedWith(key: string): Promise<boolean> {
  const headers = await seenInside();
  const request: Stamped = { method: "GET", target: "/orders", authority: headers["host"] ?? "", headers };
  return restamp(request, key, 0)["signature"] === headers["signature"];
}

async function becomes(what: string, happened: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + DEADLINE_MS; Date.now() < deadline; await pause(20)) {
    if (await happened()) return;
  }
  throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s`);
}

it("another key file: the same Envoy stamps with it", async () => {
  const first = await readFile(at("stamp.key"), "utf8");
  expect(await stampedWith(first)).toBe(true);
  const second = secret();
  await writeFile(at("stamp.key"), second);
  const rendered = await render();
  expect(rendered.out).toMatch(/written {2}edge\/stamp\.yaml/);
  expect(rendered.out).not.toMatch(/lds|cds/);
  await becomes("the second key", () => stampedWith(second));
  expect(envoy.child.running()).toBe(true);
});

it("another owned header: the same guard removes it", async () => {
  expect((await seenInside())["x-team"]).toBe("blue");
  await describeZones(["x-team"]);
  await render();
  await becomes("the header goes", async () => (await seenInside())["x-team"] === undefined);
});

it("another route: the same Envoy takes it", async () => {
  await describeZones(["x-team"], [{ prefix: "/old/", rewrite: "/", to: "inner" }]);
  expect((await render()).out).toMatch(/^written {2}edge\/lds\.yaml\n/);
  await becomes("the rewrite", async () => {
    const { status, body } = await send(envoy.port, { path: "/old/orders" });
    return status === 200 && JSON.parse(body).url === "/orders";
  });
  expect(envoy.child.running()).toBe(true);
});

it("a broken file changes nothing, and is reported", async () => {
  const key = await readFile(at("stamp.key"), "utf8");
  const broken = (await readFile(at("out/edge/stamp.yaml"), "utf8")).replace(key, "too short");
  await writeFile(at("out/edge/.next"), broken);
  await rename(at("out/edge/.next"), at("out/edge/stamp.yaml"));
  await becomes("a refused update", async () => {
    const stats = await (await fetch(`${envoy.admin}/stats?filter=config_reload|update_rejected|config_fail`)).text();
    return /countersign\.stamp.*(?:config_fail|update_rejected): [1-9]/.test(stats);
  });
  expect(await stampedWith(key)).toBe(true);
  expect((await run("render", at("zones.yaml"), "--target", "xds", "--out", at("out"), "--check")).code).toBe(1);
  await render();
  expect(await stampedWith(key)).toBe(true);
});
