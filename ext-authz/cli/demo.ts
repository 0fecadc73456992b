/**
 * `countersign demo`: real Envoys, a real OIDC provider and two servers on this machine, a table of requests through
 * them, and then yours. Effects: processes on free loopback ports and a temporary folder; both are gone at the end.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { invitation, table } from "../../examples/demo/report.ts";
import { gather, type Row, runSample } from "../../examples/demo/run-samples.ts";
import { samples } from "../../examples/demo/samples.ts";
import { startTopology, type Topology } from "../../examples/demo/topology.ts";
import { packageRoot } from "../config/package-root.ts";
import { type Command, EXIT, type Output } from "./command.ts";

export const demo: Command = {
  summary: "edge, zone and service on this machine, with sample requests",
  usage: `usage: countersign demo [--once] [--json]

Starts an OIDC provider, two Countersign servers, an edge and a zone Envoy and a service, all on free loopback ports;
sends a table of requests and says for each who decided and why; then stays up for yours until Ctrl-C.
  --once   stop after the table
  --json   print rows as JSON, one a line

Exit codes: 0 every row as it should be, 1 some row is not, 2 wrong usage, 3 could not run.`,
  run: runDemo,
};

async function runDemo(args: readonly string[], output: Output) {
  const { values } = parseArgs({
    args: [...args],
    options: { once: { type: "boolean", default: false }, json: { type: "boolean", default: false } },
  });
  const say = (text: string): void => output.err(`demo: ${text}`);
  requireProvider();
  const interrupted = new Promise<"interrupted">((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => resolve("interrupted"));
    // Whoever read our output has gone: stop as if asked to.
    process.stdout.on("error", () => resolve("interrupted"));
  });
  const folder = await mkdtemp(join(tmpdir(), "countersign-demo-"));
  let topology: Topology | undefined;
  try {
    const envoy = await getEnvoy(say);
    const starting = startTopology({ envoy, folder, say });
    const first = await Promise.race([starting, interrupted]);
    // Parts that are still coming up must be stopped too.
    topology = first === "interrupted" ? await starting : first;
    if (first === "interrupted") return EXIT.failed;
    const running = runTable(topology, values.json ? output : undefined);
    // Interrupted, it fails after nobody waits for it any more.
    running.catch(() => undefined);
    const rows = await Promise.race([running, interrupted]);
    if (rows === "interrupted") return EXIT.failed;
    if (!values.json) for (const line of table(rows)) output.out(line);
    if (!values.once) {
      for (const line of invitation(topology)) output[values.json ? "err" : "out"](line);
      await interrupted;
    }
    return rows.every((row) => row.unexpected === "") ? EXIT.fine : EXIT.findings;
  } finally {
    await topology?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function runTable(topology: Topology, json: Output | undefined): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const sample of samples(await gather(topology))) {
    const row = await runSample(topology, sample);
    rows.push(row);
    json?.out(JSON.stringify(row));
  }
  return rows;
}

/** The provider is a tool of the repository: an installed package does not bring it. */
function requireProvider(): void {
  try {
    createRequire(packageRoot).resolve("oidc-provider");
  } catch {
    throw new Error(
      "the demo needs the package oidc-provider: run `npm run demo` in a clone, or `npm install oidc-provider@9`",
    );
  }
}

async function getEnvoy(say: (text: string) => void): Promise<string> {
  const setup: typeof import("../../setup/envoy.mjs") = await import(new URL("setup/envoy.mjs", packageRoot).href);
  const onProgress = (done: number, total: number): void => {
    if (done === total) say("Envoy downloaded");
  };
  const envoy = await setup.getEnvoy({ onProgress });
  say(`Envoy ${envoy.version} (${envoy.origin})`);
  return envoy.path;
}
