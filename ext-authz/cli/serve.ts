/** `countersign serve`: the server, until SIGTERM or SIGINT; SIGHUP reads the policies again, SIGUSR2 restarts workers. */
import cluster from "node:cluster";
import { parseArgs } from "node:util";
import type { Settings } from "../config/settings.ts";
import { start } from "../main.ts";
import { createLog, type Log } from "../observe/log.ts";
import { watchFiles } from "../observe/watch-files.ts";
import { dropLeftovers, settleHeap } from "../process/heap.ts";
import { createPolicyLoads } from "../process/policy-loads.ts";
import { startPrimary } from "../process/primary.ts";
import { setTimer } from "../process/timer.ts";
import { unsharedMemory } from "../process/unshared-memory.ts";
import { watchedFolders } from "../process/watched-folders.ts";
import { runWorker } from "../process/worker.ts";
import type { Resource } from "../resources/resource.ts";
import { err, ok } from "../result.ts";
import { type Command, EXIT, type Output, UsageError } from "./command.ts";
import { formatProblem, loadResources, loadSettings } from "./load-settings.ts";

export const serve: Command = {
  summary: "answer Envoy's checks",
  usage: `usage: countersign serve [--config FILE]

Answers envoy.service.auth.v3 Check on listen.grpc and operators on listen.http.
FILE defaults to $COUNTERSIGN_CONFIG, then ./countersign.yaml, then the built-in defaults.
Policies are read again when their files change, and at SIGHUP; a broken one changes nothing. SIGUSR2 restarts the
workers one after the other. SIGTERM finishes what is under way and stops.

Exit codes: 0 stopped, 2 settings or policies are wrong, 3 could not run.`,
  run: runServe,
};

async function runServe(args: readonly string[], output: Output) {
  settleHeap();
  // A worker was told everything by its primary; its arguments are only the primary's own.
  if (cluster.isWorker) {
    await runWorker();
    return EXIT.fine;
  }
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { config: { type: "string", short: "c" } },
    allowPositionals: true,
  });
  if (positionals.length > 1) throw new UsageError("one configuration file only");
  const settings = await loadSettings(values.config ?? positionals[0]);
  if (!settings.ok) {
    for (const problem of settings.error) output.err(formatProblem(problem));
    return EXIT.usage;
  }
  const first = await loadResources(settings.value.policies);
  if (!first.ok) {
    for (const problem of first.error) output.err(formatProblem(problem));
    return EXIT.usage;
  }
  const unshared = settings.value.workers > 1 ? unsharedMemory(first.value.resources) : undefined;
  if (unshared !== undefined) {
    output.err(unshared);
    return EXIT.usage;
  }
  const log = createLog(
    settings.value.log,
    (line) => process.stderr.write(line),
    () => new Date(),
  );
  for (const warning of first.value.problems) log.warn("policy", { problem: formatProblem(warning) });
  await live(settings.value, first.value.resources, log);
  return EXIT.fine;
}

/** From the first policies to the end of the last check. */
async function live(settings: Settings, resources: readonly Resource[], log: Log): Promise<void> {
  const candidates = await readCandidate(settings.shadowPolicies, log);
  // Signals may come before the first set is in force: a reload then waits its turn, a stop does not.
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  let again = async (): Promise<void> => {};
  let roll = async (): Promise<void> => {};
  process.on("SIGHUP", () => void again());
  process.on("SIGUSR2", () => void roll());
  // Before the first set is put in force: what changes meanwhile is not missed.
  const paths = [...settings.policies, ...settings.shadowPolicies];
  const watching = settings.serving.watch
    ? watchFiles({ ...watchedFolders(paths), setTimer, changed: () => again() })
    : undefined;

  const primary = settings.workers > 1 ? await startPrimary(settings, log) : undefined;
  const countersign = primary ?? (await start(settings, log));
  const inForce = countersign.apply(resources, candidates).finally(dropLeftovers);
  const loads = createPolicyLoads(inForce, {
    async read() {
      const next = await loadResources(settings.policies);
      if (!next.ok) return err(next.error.map(formatProblem));
      return ok({ resources: next.value.resources, candidates: await readCandidate(settings.shadowPolicies, log) });
    },
    apply: ({ resources, candidates }) => countersign.apply(resources, candidates),
    refuse: countersign.refuse,
    log,
  });
  again = () => loads.again().finally(dropLeftovers);
  roll = async () => {
    if (primary === undefined) return log.warn("one process cannot restart itself: set workers above 1");
    await primary.roll().catch((cause: unknown) => log.error("workers not restarted", { cause }));
  };
  try {
    await Promise.race([inForce, stopped]);
    await stopped;
    log.info("stopping");
  } finally {
    watching?.stop();
    await countersign.stop();
    log.info("stopped");
  }
}

/** A candidate set that cannot be read is no candidate: what is only being tried must not stop what serves. */
async function readCandidate(paths: readonly string[], log: Log) {
  if (paths.length === 0) return [];
  const read = await loadResources(paths).catch((cause: unknown) => {
    log.warn("candidate set", { cause });
    return undefined;
  });
  if (read === undefined) return [];
  if (read.ok) return read.value.resources;
  for (const problem of read.error) log.warn("candidate set", { problem: formatProblem(problem) });
  return [];
}
