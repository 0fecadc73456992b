/** `countersign replay`: recorded decisions against other policies, with a diff and an exit code for CI. */
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { readPolicies } from "./check.ts";
import { createOfflineCheck } from "./check-offline.ts";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { formatProblem, loadSettings } from "./load-settings.ts";
import { createReplay, type ReplayResult, readsByWorkload } from "./replay-run.ts";

const options = {
  config: { type: "string", short: "c" },
  policies: { type: "string", multiple: true },
  limit: { type: "string", default: "100" },
  "allow-new-allows": { type: "boolean", default: false },
  "allow-new-denials": { type: "boolean", default: false },
  "allow-unknown": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

export const replay: Command = {
  summary: "recorded decisions against other policies",
  usage: `usage: countersign replay LOG… [--config FILE] [--policies PATH]… [--json]

LOG is what \`decisionLog\` wrote. Each recorded decision is made again with the policies of PATH (else the settings'), and
what changed is listed. Claims count as verified as they were; requests that were refused before policies were asked
(a bad token, a bad path) are skipped. A decision is unknown when the policies read what the log does not show.
  --limit N             list at most N changed decisions (all are counted); default 100
  --allow-new-denials   ALLOW→DENY is fine
  --allow-new-allows    DENY→ALLOW is fine
  --allow-unknown       decisions that cannot be told are fine

Exit codes: 0 nothing changed, 1 something did, 2 wrong usage or bad files, 3 could not run.`,
  run: runReplay,
};

async function runReplay(args: readonly string[], output: Output): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (positionals.length === 0) throw new UsageError("no decision log; see countersign replay --help");
  const limit = Number(values.limit);
  if (!/^\d{1,9}$/.test(values.limit)) throw new UsageError("--limit: a whole number");
  const settings = await loadSettings(values.config);
  const loaded = settings.ok ? await readPolicies(values.policies ?? settings.value.policies) : settings;
  if (!settings.ok || !loaded.ok) {
    for (const problem of loaded.ok ? [] : loaded.error) output.err(formatProblem(problem));
    return EXIT.usage;
  }
  const { resources } = loaded.value;
  // What is replayed is the request as policies saw it: its address is already the client's.
  const asSeen = { ...settings.value, clientAddress: { useRemoteAddress: true, xffNumTrustedHops: 0 } };
  const offline = await createOfflineCheck(asSeen, resources, { fetch: undefined, now: () => Date.now() / 1000 });
  const wantedBy = readsByWorkload(resources, settings.value.mesh.rootNamespace);
  const run = createReplay({ offline, wantedBy, limit });
  for (const file of positionals) for await (const text of linesOf(file)) if (text !== "") await run.line(text);
  const result = { revision: offline.revision, ...run.result() };
  if (values.json) output.out(JSON.stringify(result));
  else for (const line of reportLines(result)) output.out(line);
  if (result.broken > 0 && result.decisions === 0) return EXIT.usage;
  const bad =
    (result.newDenials > 0 && !values["allow-new-denials"]) ||
    (result.newAllows > 0 && !values["allow-new-allows"]) ||
    (result.unknown > 0 && !values["allow-unknown"]);
  return bad ? EXIT.findings : EXIT.fine;
}

/** A line longer than this is not ours. */
const MAX_LINE = 1024 * 1024;

async function* linesOf(file: string): AsyncGenerator<string> {
  await access(file).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  const input = createReadStream(file, "utf8");
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    yield line.length > MAX_LINE ? "too long" : line;
  }
}

function reportLines(result: ReplayResult): readonly string[] {
  const { decisions, same, newDenials, newAllows, unknown, skipped, broken, notInLog, changed } = result;
  return [
    ...changed.flatMap((one) => [
      `${one.change}  ${JSON.stringify(one.request)}  ${JSON.stringify(one.principal)}  ${one.id}`,
      `    was ${one.before}, would be ${one.after}`,
    ]),
    `${decisions} decisions: ${same} the same, ${newDenials} ALLOW→DENY, ${newAllows} DENY→ALLOW, ${unknown} unknown`,
    ...(skipped > 0 ? [`${skipped} skipped: refused before policies were asked, or failed`] : []),
    ...(broken > 0 ? [`${broken} lines are not from a decision log`] : []),
    ...notInLog.map(
      (name) => `unknown because the log does not show ${name}; keep it with decisionLog.headers or .claims`,
    ),
  ];
}
