/**
 * The sample of `envoy/compose.yaml`, running. In: a Docker engine, images under the names that compose looks for
 * (setup/compose-images.mjs). Out: what the demo's table needs of a topology, and a way to end it. Effects: containers,
 * networks and one volume of a project of its own; a temporary folder.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { audience } from "../../examples/demo/policies.ts";
import type { Target } from "../../examples/demo/run-samples.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";

const run = promisify(execFile);
const composeFile = fileURLToPath(new URL("../../envoy/compose.yaml", import.meta.url));
const project = "countersign";

export interface ComposedSample extends Target {
  /** How the services stand, as compose tells it. */
  status(): Promise<string>;
  stop(): Promise<void>;
}

/**
 * For the test alone: ports, since the table also goes around the edge and asks the OIDC provider for tokens; and somebody that
 * reads along between edge and zone, whom another route of the edge leads to.
 */
function forTheTest(edgeFile: string) {
  const recorder = ["node", "--import", "tsx", "examples/demo/echo-process.ts", "--host", "0.0.0.0", "--port", "8080"];
  // The table reads the access log: it must be written at once.
  const command = ["-c", "/etc/envoy/envoy.yaml", "--log-level", "warning", "--file-flush-interval-msec", "50"];
  return {
    services: {
      edge: { command, ports: ["127.0.0.1::10000"], volumes: [`${edgeFile}:/etc/envoy/envoy.yaml:ro`] },
      zone: { command, ports: ["127.0.0.1::10000"] },
      oidc: { ports: ["127.0.0.1::3000"] },
      recorder: { image: "countersign-orders", command: recorder, tmpfs: ["/tmp:mode=1777"] },
    },
  };
}

/** The edge of the sample with that one route more, as `countersign render` makes it. */
async function renderEdge(folder: string): Promise<string> {
  const demo = fileURLToPath(new URL("../../examples/demo/", import.meta.url));
  const described = parse(await readFile(join(demo, "countersign.zones.yaml"), "utf8"));
  for (const server of Object.values<{ settings: string }>(described.servers))
    server.settings = join(demo, server.settings);
  described.zones.edge.routes.unshift({ prefix: "/api/recorded/", rewrite: "/", to: "recorder" });
  described.zones.recorder = { ...described.zones.zone, address: "recorder:8080" };
  const file = join(folder, "countersign.zones.yaml");
  // JSON: what two zones share is written out, not referred to.
  await writeFile(file, JSON.stringify(described));
  const command = fileURLToPath(new URL("../../ext-authz/countersign.mjs", import.meta.url));
  await run(process.execPath, [command, "render", file, "--target", "envoy", "--out", folder]);
  return join(folder, "edge.yaml");
}

/** The command that speaks compose: Docker's plugin, or the program that the environment names. */
function composeCommand(): readonly string[] {
  const named = process.env["DOCKER_COMPOSE"];
  return named === undefined || named === "" ? ["docker", "compose"] : [named];
}

export async function startSample(): Promise<ComposedSample> {
  const folder = await mkdtemp(join(tmpdir(), "compose-"));
  const override = join(folder, "published.yaml");
  await writeFile(override, stringify(forTheTest(await renderEdge(folder))));
  const [file = "docker", ...first] = composeCommand();
  const base = [...first, "-p", project, "-f", composeFile, "-f", override];
  const secret = randomBytes(32).toString("base64url");
  const env = { ...process.env, COUNTERSIGN_STAMP_SECRET: secret };
  const compose = async (...args: string[]): Promise<string> =>
    (await run(file, [...base, ...args], { maxBuffer: 1 << 24, env })).stdout;
  const followers: ChildProcess[] = [];
  const follow = (service: string): string => {
    const log = join(folder, `${service}.log`);
    const child = spawn(file, [...base, "logs", "--follow", "--no-log-prefix", "--no-color", service], { env });
    child.stdout?.pipe(createWriteStream(log));
    followers.push(child);
    return log;
  };
  const stop = async (): Promise<void> => {
    for (const child of followers) child.kill();
    await compose("down", "--volumes", "--timeout", "5");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await compose("up", "--detach", "--no-build", "--pull", "never");
    const port = async (service: string, inside: number): Promise<number> =>
      Number((await compose("port", service, String(inside))).trim().split(":").at(-1));
    const sample = {
      keys: [{ id: "k1", secret }],
      issuer: `http://127.0.0.1:${await port("oidc", 3000)}`,
      edge: { port: await port("edge", 10000) },
      zone: { port: await port("zone", 10000) },
      edgeLog: follow("edge"),
      zoneLog: follow("zone"),
      status: () => compose("ps", "--all", "--format", "{{.Service}} {{.State}}"),
      stop,
    };
    await answers(`${sample.issuer}/.well-known/openid-configuration`, 200);
    const token = await fetchToken(sample.issuer, "buyer", audience);
    await answers(`http://127.0.0.1:${sample.edge.port}/api/orders/1`, 200, token);
    return sample;
  } catch (cause) {
    const logs = await compose("logs", "--tail", "20").catch(String);
    await stop();
    throw new Error(`the sample did not start:\n${logs}`, { cause });
  }
}

async function answers(url: string, wanted: number, token = ""): Promise<void> {
  const headers = token === "" ? {} : { authorization: `Bearer ${token}` };
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    // Until somebody listens behind the published port a connection may be taken and never answered.
    const signal = AbortSignal.timeout(2_000);
    const status = await fetch(url, { signal, headers }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === wanted) return;
    await pause(200);
  }
  throw new Error(`${url} did not answer ${wanted} in a minute`);
}
