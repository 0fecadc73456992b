/** `countersign init`: the folder is complete, and what its README says to type works. */
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { type Child, startChild } from "../../examples/demo/child.ts";
import { send } from "../../examples/demo/client.ts";
import { type Echo, startEcho } from "../../examples/demo/echo.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { run } from "../cli/run-command.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { type Oidc, startOidc } from "../support/oidc.ts";
import { foldersOf } from "./workspace.ts";

const command = fileURLToPath(new URL("ext-authz/countersign.mjs", packageRoot));
const audience = "https://orders.example";
let folder: Folder;
const at = (name: string): string => join(folder.path, name);
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe("usage", () => {
  it.each<[string, readonly string[], string]>([
    ["nobody to ask", [], "--yes takes the defaults"],
    ["an issuer that is no URL", ["--yes", "--issuer", "idp"], "--issuer: not possible"],
    ["one zone", ["--yes", "--zones", "edge"], "--zones: not possible"],
    ["a zone twice", ["--yes", "--zones", "a,a"], "--zones: not possible"],
    ["a zone that is no name", ["--yes", "--zones", "__proto__"], "--zones: not possible"],
    ["a service without a port", ["--yes", "--service", "orders"], "--service: not possible"],
    [
      "a service that containers do not reach",
      ["--yes", "--target", "compose", "--service", "127.0.0.1:80"],
      "--service",
    ],
    ["a target that is not known", ["--yes", "--target", "nginx"], "--target: not possible"],
  ])("%s", async (_, args, message) => {
    const { code, err } = await run("init", at("refused"), ...args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(await readdir(folder.path)).not.toContain("refused");
  });

  it("writes over nothing unless told to, and never over the secret", async () => {
    expect((await run("init", at("again"), "--yes")).code).toBe(0);
    const secret = await readFile(at("again/.env"), "utf8");
    await writeFile(at("again/policies/edge.yaml"), "mine");
    const second = await run("init", at("again"), "--yes");
    expect([second.code, second.err]).toEqual([2, expect.stringContaining("policies/edge.yaml")]);
    expect(await readFile(at("again/policies/edge.yaml"), "utf8")).toBe("mine");
    expect((await run("init", at("again"), "--yes", "--force")).code).toBe(0);
    expect(await readFile(at("again/policies/edge.yaml"), "utf8")).not.toBe("mine");
    expect(await readFile(at("again/.env"), "utf8")).toBe(secret);
  });
});

describe("sound as it is", () => {
  it.each([
    ["envoy", "edge,inner"],
    ["envoy", "edge,dmz,inner"],
    ["xds", "edge,inner"],
    ["compose", "edge,inner"],
    ["istio", "edge,inner"],
  ])("%s: %s", async (target, zones) => {
    const service = target === "istio" ? "orders.apps.svc.cluster.local:8080" : "orders:8080";
    const name = at(`${target}-${zones}`);
    const made = await run("init", name, "--yes", "--zones", zones, "--service", service, "--target", target);
    expect([made.code, made.err]).toEqual([0, ""]);
    expect((await stat(join(name, ".env"))).mode & 0o777).toBe(0o600);
    const linted = await run("lint", "--strict", "--config", join(name, "countersign.yaml"));
    expect([linted.out, linted.code]).toEqual([expect.stringContaining("0 errors, 0 warnings"), 0]);
    const zonesFile = join(name, "countersign.zones.yaml");
    const rendered = await run("render", zonesFile, "--target", target, "--out", join(name, "rendered"), "--check");
    expect([rendered.code, rendered.err]).toEqual([0, ""]);
    const examined = await run("doctor", "envoy", ...(await foldersOf(join(name, "rendered"))));
    expect(examined.out).toContain("0 hazards");
    const secret = (await readFile(join(name, ".env"), "utf8")).trim().split("=")[1] ?? "?";
    for (const file of await readdir(name, { recursive: true, withFileTypes: true })) {
      if (!file.isFile() || file.name === ".env") continue;
      expect(await readFile(join(file.parentPath, file.name), "latin1"), file.name).not.toContain(secret);
    }
  });
});

describe("the folder works", () => {
  let oidc: Oidc;
  let echo: Echo;
  const children: Child[] = [];
  let edgePort = 0;
  let innerPort = 0;

  beforeAll(async () => {
    await mkdir(at("work"));
    [oidc, echo] = await Promise.all([startOidc(), startEcho()]);
    const flags = ["--issuer", oidc.issuer, "--audience", audience, "--service", `127.0.0.1:${echo.port}`];
    expect((await run("init", at("work"), "--yes", ...flags)).code).toBe(0);
    const ports = await freePorts(4);
    [edgePort = 0, innerPort = 0] = ports;
    await moveTo(ports);
    await start(ports);
  });
  afterAll(async () => {
    for (const child of children.reverse()) await child.stop();
    await oidc?.child.stop();
    await echo?.stop();
  });

  /** A machine of its own would use the ports as they are. */
  async function moveTo([edge, inner, grpc, http]: readonly number[]): Promise<void> {
    const told = new Map([
      [":10000", `:${edge}`],
      [":10001", `:${inner}`],
      [":9901", ":0"],
      [":9902", ":0"],
      [":9191", `:${grpc}`],
      [":9192", `:${http}`],
    ]);
    for (const name of ["countersign.yaml", "countersign.zones.yaml", "policies/apps.yaml"]) {
      let text = await readFile(at(`work/${name}`), "utf8");
      for (const [from, to] of told) text = text.replaceAll(from, to);
      await writeFile(at(`work/${name}`), text);
    }
    const made = await run(
      "render",
      at("work/countersign.zones.yaml"),
      "--target",
      "envoy",
      "--out",
      at("work/rendered"),
    );
    expect([made.code, made.err]).toEqual([0, ""]);
  }

  async function start(ports: readonly number[]): Promise<void> {
    const serve = startChild("serve", process.execPath, [command, "serve"], at("work"));
    children.push(serve);
    await ready(`http://127.0.0.1:${ports[3]}/readyz`, serve);
    const { path } = await findEnvoy();
    const secret = (await readFile(at("work/.env"), "utf8")).trim();
    for (const [index, zone] of ["edge", "inner"].entries()) {
      const args = [
        "-c",
        `rendered/${zone}.yaml`,
        "--disable-hot-restart",
        "--concurrency",
        "1",
        "--log-level",
        "warning",
      ];
      const admin = at(`${zone}.admin`);
      const envoy = startChild(zone, "env", [secret, path, ...args, "--admin-address-path", admin], at("work"));
      children.push(envoy);
      await ready(`http://127.0.0.1:${ports[index]}/`, envoy);
    }
  }

  it("a client with a token reaches the service through both zones; the token does not", async () => {
    const token = await fetchToken(oidc.issuer, "buyer", audience);
    const answer = await send(edgePort, { path: "/api/orders", headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    const { url, headers } = JSON.parse(answer.body);
    expect(url).toBe("/orders");
    expect(headers).not.toHaveProperty("authorization");
    expect(headers["x-countersign-zone"]).toEqual(["edge"]);
  });

  it.each<[string, number, () => number, string, boolean]>([
    ["without a token", 401, () => edgePort, "/api/orders", false],
    ["around the edge", 403, () => innerPort, "/orders", true],
    ["with another method", 403, () => edgePort, "/api/orders", true],
  ])("%s: %i", async (name, status, port, path, hasToken) => {
    const token = await fetchToken(oidc.issuer, "buyer", audience);
    const method = name === "with another method" ? "DELETE" : "GET";
    const answer = await send(port(), { method, path, headers: hasToken ? { authorization: `Bearer ${token}` } : {} });
    expect(answer.status).toBe(status);
  });

  it("the README's commands for a change", async () => {
    const claims = JSON.stringify({ iss: oidc.issuer, sub: "alice", aud: audience });
    const config = ["--config", at("work/countersign.yaml")];
    expect((await run("lint", ...config)).code).toBe(0);
    const asked = ["--workload", "edge/app=edge", "--path", "/api/orders", "--claims", claims];
    expect((await run("check", ...config, ...asked)).code).toBe(0);
    expect((await run("check", ...config, ...asked, "--method", "DELETE")).code).toBe(1);
    expect((await run("check", ...config, "--workload", "edge/app=edge", "--path", "/api/orders")).code).toBe(1);
    const readme = await readFile(at("work/README.md"), "utf8");
    expect(readme).toContain("--workload edge/app=edge --path /api/orders");
    expect(readme).toContain("npx countersign render --target envoy --out rendered --check");
  });

  it("a changed description is drift until it is rendered", async () => {
    const file = at("work/countersign.zones.yaml");
    const described = parse(await readFile(file, "utf8"));
    described.zones.edge.ownedHeaders = ["x-mine"];
    await writeFile(file, stringify(described));
    const again = () => run("render", file, "--target", "envoy", "--out", at("work/rendered"), "--check");
    expect((await again()).out).toContain("different  edge.yaml\n");
    await run("render", file, "--target", "envoy", "--out", at("work/rendered"));
    expect((await again()).code).toBe(0);
    expect(parseAllDocuments(await readFile(at("work/rendered/edge.yaml"), "utf8"))).toHaveLength(1);
  });
});

async function ready(url: string, child: Child): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline && child.running(); await pause(50)) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
    if (answer !== undefined && (!url.endsWith("/readyz") || answer.status === 200)) return;
  }
  throw new Error(`${child.name} is not ready; its last lines:\n${child.tail()}`);
}

/** Taken for a moment and given back: what the proxies call must be written down before it is there. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
