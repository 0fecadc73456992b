/**
 * The sample of `envoy/compose.yaml`, running. In: a Docker engine, images under the names that compose looks for
 * (setup/compose-images.mjs). Out: what the demo's table needs of a topology, and a way to end it. Effects: containers,
 * networks and one volume of a project of its own; a temporary folder.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { stringify } from "yaml";
import type { Target } from "../../examples/demo/run-samples.ts";

const run = promisify(execFile);
const composeFile = fileURLToPath(new URL("../../envoy/compose.yaml", import.meta.url));
const project = "countersign";

export interface ComposedSample extends Target {
  /** How the services stand, as compose tells it. */
  status(): Promise<string>;
  stop(): Promise<void>;
}

/** Published for the test alone: the table also goes around the edge, and asks the OIDC provider for tokens. */
const published = {
  services: {
    edge: { ports: ["127.0.0.1::10000"] },
    zone: { ports: ["127.0.0.1::10000"] },
    oidc: { ports: ["127.0.0.1::3000"] },
  },
};

/** The command that speaks compose: Docker's plugin, or the program that the environment names. */
function composeCommand(): readonly string[] {
  const named = process.env["DOCKER_COMPOSE"];
  return named === undefined || named === "" ? ["docker", "compose"] : [named];
}

export async function startSample(): Promise<ComposedSample> {
  const folder = await mkdtemp(join(tmpdir(), "compose-"));
  const override = join(folder, "published.yaml");
  await writeFile(override, stringify(published));
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
    await answers(sample.edge.port);
    return sample;
  } catch (cause) {
    const logs = await compose("logs", "--tail", "20").catch(String);
    await stop();
    throw new Error(`the sample did not start:\n${logs}`, { cause });
  }
}

/** Until the edge and all behind it are up: without a token, an answer of its own. */
async function answers(port: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const status = await fetch(`http://127.0.0.1:${port}/api/orders/1`).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 401) return;
    await pause(200);
  }
  throw new Error("the edge did not answer in a minute");
}
