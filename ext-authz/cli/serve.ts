/** `countersign serve`: the server, until SIGTERM or SIGINT; SIGHUP reads the policies again. */
import { parseArgs } from "node:util";
import { start } from "../main.ts";
import { createLog, type Log } from "../observe/log.ts";
import { type Command, EXIT, type Output, UsageError } from "./command.ts";
import { formatProblem, loadResources, loadSettings } from "./load-settings.ts";

export const serve: Command = {
  summary: "answer Envoy's checks",
  usage: `usage: countersign serve [--config FILE]

Answers envoy.service.auth.v3 Check on listen.grpc and operators on listen.http.
FILE defaults to $COUNTERSIGN_CONFIG, then ./countersign.yaml, then the built-in defaults.
SIGHUP reads the policies again; a broken one changes nothing. SIGTERM finishes what is under way and stops.

Exit codes: 0 stopped, 2 settings or policies are wrong, 3 could not run.`,
  run: runServe,
};

async function runServe(args: readonly string[], output: Output) {
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
  const log = createLog(
    settings.value.log,
    (line) => process.stderr.write(line),
    () => new Date(),
  );
  if (settings.value.workers !== 1)
    log.warn("this version serves from one process", { workers: settings.value.workers });
  for (const warning of first.value.problems) log.warn("policy", { problem: formatProblem(warning) });

  const candidates = await readCandidate(settings.value.shadowPolicies, log);
  // Signals may come before the first set is in force: a reload then waits its turn, a stop does not.
  const stopped = new Promise<void>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  let hangUp = (): void => {};
  process.on("SIGHUP", () => hangUp());

  const countersign = await start(settings.value, log);
  const reload = async (): Promise<void> => {
    const next = await loadResources(settings.value.policies);
    if (next.ok) {
      return countersign.apply(next.value.resources, await readCandidate(settings.value.shadowPolicies, log));
    }
    for (const problem of next.error) log.error("policy", { problem: formatProblem(problem) });
    countersign.refuse(next.error.length);
  };
  const inForce = countersign.apply(first.value.resources, candidates);
  let reloading = inForce.catch(() => {});
  hangUp = () => {
    reloading = reloading.then(reload).catch((cause: unknown) => {
      log.error("policies could not be read", { cause });
      countersign.refuse(1);
    });
  };
  await Promise.race([inForce, stopped]);
  await stopped;
  log.info("stopping");
  await countersign.stop();
  log.info("stopped");
  return EXIT.fine;
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
