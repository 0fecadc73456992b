/**
 * Makes recorded decisions again. In: lines of a decision log, the pipeline with other policies. Out: counts and the
 * decisions that changed. Effects: none but the pipeline's. What the log does not show is unknown, never "the same".
 */
import type { DecisionInWords } from "../authorize/explain-decision.ts";
import { type PolicyReads, readsOf, unread } from "../observe/policy-reads.ts";
import type { RecordedRequest } from "../observe/recorded-request.ts";
import type { Resource } from "../resources/resource.ts";
import { applies } from "../resources/select.ts";
import type { OfflineCheck } from "./check-offline.ts";
import { createLogReader, type Recorded } from "./replay-log.ts";

export interface Changed {
  readonly change: "ALLOW→DENY" | "DENY→ALLOW";
  readonly id: string;
  readonly time: string;
  readonly principal: string;
  readonly request: string;
  readonly before: string;
  readonly after: string;
}

export interface ReplayResult {
  readonly decisions: number;
  readonly same: number;
  readonly newDenials: number;
  readonly newAllows: number;
  readonly unknown: number;
  readonly skipped: number;
  readonly broken: number;
  /** What the policies read and the log does not show. */
  readonly notInLog: readonly string[];
  /** The first `limit` of them. */
  readonly changed: readonly Changed[];
}

export interface ReplayParts {
  readonly offline: Pick<OfflineCheck, "checkRecorded">;
  readonly wantedBy: (request: RecordedRequest) => PolicyReads;
  readonly limit: number;
}

export interface Replay {
  line(text: string): Promise<void>;
  result(): ReplayResult;
}

export function createReplay({ offline, wantedBy, limit }: ReplayParts): Replay {
  const counts = { decisions: 0, same: 0, newDenials: 0, newAllows: 0, unknown: 0, skipped: 0, broken: 0 };
  const changed: Changed[] = [];
  const missing = new Set<string>();
  const reader = createLogReader();
  return {
    async line(text) {
      const line = reader.read(text);
      if (line.kind === "skipped") counts.skipped++;
      if (line.kind === "broken") counts.broken++;
      if (line.kind !== "recorded") return;
      const { recorded } = line;
      counts.decisions++;
      const lacks = lacking(recorded, wantedBy(recorded.request));
      for (const name of lacks) missing.add(name);
      const at = Date.parse(recorded.time) / 1000;
      const after = await offline.checkRecorded(recorded.request, recorded.claims, at);
      if (lacks.length > 0 || after.effect === "error") counts.unknown++;
      else if (after.effect === recorded.effect) counts.same++;
      else {
        counts[after.effect === "deny" ? "newDenials" : "newAllows"]++;
        if (changed.length < limit) changed.push(changeOf(recorded, after));
      }
    },
    result: () => ({ ...counts, notInLog: [...missing], changed }),
  };
}

function lacking({ shows, cut }: Recorded, wanted: PolicyReads): readonly string[] {
  const lacks = [...unread(shows, wanted)];
  // The replayed request has the client's address in this header, in the place of what it had.
  if (wanted.headers.has("x-forwarded-for")) lacks.push("request.headers[x-forwarded-for]");
  if (cut) lacks.push("the whole of a long path or host");
  return lacks;
}

function changeOf(recorded: Recorded, after: DecisionInWords): Changed {
  const { request, id, time, principal, reason, policy } = recorded;
  const { namespace, labels } = request.workload;
  const selected = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  const what = request.protocol === "tcp" ? `TCP :${request.destination.port}` : `${request.method} ${request.path}`;
  return {
    change: after.effect === "deny" ? "ALLOW→DENY" : "DENY→ALLOW",
    id,
    time,
    principal: principal === "" ? (request.principal ?? "") : principal,
    request: `${what} to ${namespace}${selected.length === 0 ? "" : `/${selected.join(",")}`}`,
    before: `${reason}${policy === "" ? "" : ` by ${policy}`}`,
    after: `${after.reason}${after.policy === "" ? "" : ` by ${after.policy}`}`,
  };
}

/** What the policies of a record's workload look at; remembered, as records of one workload are many. */
export function readsByWorkload(resources: readonly Resource[], rootNamespace: string) {
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
