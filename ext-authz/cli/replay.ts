/** `countersign replay`: recorded decisions against other policies, with a diff and an exit code for CI. */
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type PolicyReads, readsOf, unread } from "../observe/policy-reads.ts";
import type { RecordedRequest } from "../observe/recorded-request.ts";
import type { Resource } from "../resources/resource.ts";
import { applies } from "../resources/select.ts";
import { readPolicies } from "./check.ts";
import { createOfflineCheck } from "./check-offline.ts";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { formatProblem, loadSettings } from "./load-settings.ts";
import { createLogReader, type Recorded } from "./replay-log.ts";

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

export interface Changed {
  readonly change: "ALLOW→DENY" | "DENY→ALLOW";
  readonly id: string;
  readonly time: string;
  readonly principal: string;
  readonly request: string;
  readonly before: string;
  readonly after: string;
}

interface Counts {
  decisions: number;
  same: number;
  newDenials: number;
  newAllows: number;
  unknown: number;
  skipped: number;
  broken: number;
}

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
  const counts: Counts = { decisions: 0, same: 0, newDenials: 0, newAllows: 0, unknown: 0, skipped: 0, broken: 0 };
  const changed: Changed[] = [];
  const missing = new Set<string>();
  const reader = createLogReader();
  for (const file of positionals) {
    for await (const text of linesOf(file)) {
      if (text === "") continue;
      const line = reader.read(text);
      if (line.kind === "skipped") counts.skipped++;
      if (line.kind === "broken") counts.broken++;
      if (line.kind !== "recorded") continue;
      counts.decisions++;
      const lacks = [...unread(line.recorded.shows, wantedBy(line.recorded.request))];
      // The replayed request has the client's address in this header, in the place of what it had.
      const forwarded = wantedBy(line.recorded.request).headers.has("x-forwarded-for");
      if (forwarded) lacks.push("request.headers[x-forwarded-for]");
      const { decision } = await offline.checkRecorded(line.recorded.request, line.recorded.claims);
      for (const name of lacks) missing.add(name);
      if (lacks.length > 0 || decision.effect === "error") counts.unknown++;
      else if (decision.effect === line.recorded.effect) counts.same++;
      else {
        if (decision.effect === "deny") counts.newDenials++;
        else counts.newAllows++;
        if (changed.length < limit) changed.push(changeOf(line.recorded, decision.effect, offline.inWords(decision)));
      }
    }
  }
  const result = { revision: offline.revision, ...counts, notInLog: [...missing], changed };
  if (values.json) output.out(JSON.stringify(result));
  else for (const line of reportLines(result)) output.out(line);
  if (counts.broken > 0 && counts.decisions === 0) return EXIT.usage;
  const bad =
    (counts.newDenials > 0 && !values["allow-new-denials"]) ||
    (counts.newAllows > 0 && !values["allow-new-allows"]) ||
    (counts.unknown > 0 && !values["allow-unknown"]);
  return bad ? EXIT.findings : EXIT.fine;
}

/** What the policies of a record's workload look at; remembered, as records of one workload are many. */
function readsByWorkload(resources: readonly Resource[], rootNamespace: string) {
  const known = new Map<string, PolicyReads>();
  return ({ workload }: RecordedRequest): PolicyReads => {
    const key = JSON.stringify([workload.namespace, Object.entries(workload.labels).sort()]);
    const before = known.get(key);
    if (before !== undefined) return before;
    const about = { ...workload, labels: new Map(Object.entries(workload.labels)) };
    const reads = readsOf(resources.filter((resource) => applies(resource, about, rootNamespace)));
    if (known.size < MAX_WORKLOADS) known.set(key, reads);
    return reads;
  };
}

const MAX_WORKLOADS = 10_000;

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

function changeOf(recorded: Recorded, effect: "allow" | "deny", after: { reason: string; policy: string }): Changed {
  const { request, id, time, principal, reason, policy } = recorded;
  const { namespace, labels } = request.workload;
  const selected = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const what = request.protocol === "tcp" ? `TCP :${request.destination.port}` : `${request.method} ${request.path}`;
  return {
    change: effect === "deny" ? "ALLOW→DENY" : "DENY→ALLOW",
    id,
    time,
    principal: principal === "" ? (request.principal ?? "") : principal,
    request: `${what} to ${namespace}${selected.length === 0 ? "" : `/${selected.join(",")}`}`,
    before: `${reason}${policy === "" ? "" : ` by ${policy}`}`,
    after: `${after.reason}${after.policy === "" ? "" : ` by ${after.policy}`}`,
  };
}

function reportLines(result: Counts & { readonly notInLog: readonly string[]; readonly changed: readonly Changed[] }) {
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
