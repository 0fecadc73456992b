/**
 * Everything that happens after a decision: metrics, log, the ring of recent decisions, the decision log, and what a
 * candidate set would have said. In: decisions as they are made. Out: nothing that could change one. Effects: through the
 * parts it was given.
 */
import { explainDecision } from "../authorize/explain-decision.ts";
import type { DecisionLogSettings, MeshSettings } from "../config/settings.ts";
import type { Decision } from "../model.ts";
import type { Resource } from "../resources/resource.ts";
import { policyName, reasonOf } from "../respond/answer.ts";
import type { Snapshot } from "../snapshot.ts";
import type { CandidateInWords, DecisionLog } from "./decision-log.ts";
import { type DecisionRecord, recordOf, remember, summaryOf } from "./decision-record.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import { readsOf } from "./policy-reads.ts";
import type { RecentDecisions } from "./recent-decisions.ts";
import { type RecordRules, restoreRequest } from "./recorded-request.ts";
import { changeOfCandidate } from "./shadow-changes.ts";

export interface ObserverParts {
  readonly metrics: Pick<Metrics, "decided" | "shadowChanged" | "shadowFailed">;
  readonly log: Log;
  readonly recent: RecentDecisions;
  /** Undefined = no decision log is configured. */
  readonly decisionLog: DecisionLog | undefined;
  readonly keep: Pick<DecisionLogSettings, "headers" | "claims" | "maskHeaders" | "maskClaims">;
  readonly mesh: MeshSettings;
  readonly now: () => Date;
}

/** What decisions are made by. */
export type InForce = Pick<Snapshot, "revision" | "resources" | "planFor">;

export interface Observer {
  /** A snapshot took over, with the candidate set beside it. */
  inForce(active: InForce, candidate: readonly Resource[]): void;
  decided(decision: Decision, milliseconds: number): void;
  compared(decision: Decision, candidate: Decision): void;
  notCompared(cause: unknown): void;
  /** A recent decision with its explanation. */
  find(id: string): object | undefined;
}

export function createObserver(parts: ObserverParts): Observer {
  const { metrics, log, recent, decisionLog, mesh } = parts;
  let active: InForce | undefined;
  let rules: RecordRules | undefined;

  /** Whether anybody but the ring wants to know: nobody of most decisions, and nothing is gathered for nobody. */
  function isTold({ effect, shadow }: Decision): boolean {
    if (shadow.length > 0 || log.debugging !== false) return true;
    return effect === "error" || (effect === "deny" && log.informing !== false);
  }

  function tell(decision: Decision, milliseconds: number): void {
    const remembered = remember(decision, milliseconds, parts.now(), rules);
    decisionLog?.decided(() => recordOf(remembered));
    for (const change of remembered.changes) {
      metrics.shadowChanged(change);
      decisionLog?.changed(recordOf(remembered), change, undefined);
    }
    if (decision.effect === "error") log.error("check failed", { ...summaryOf(remembered), cause: decision.cause });
    else if (decision.effect === "deny") log.info("check denied", { ...summaryOf(remembered) });
    else if (log.debugging !== false) log.debug("check allowed", { ...summaryOf(remembered) });
  }

  return {
    inForce(next, candidate) {
      active = next;
      rules = recordRules([...next.resources, ...candidate], parts.keep);
      decisionLog?.snapshot(next.revision, rules);
    },
    decided(decision, milliseconds) {
      metrics.decided(decision, milliseconds);
      recent.add(decision, milliseconds, parts.now().getTime(), rules);
      if (decisionLog !== undefined || isTold(decision)) tell(decision, milliseconds);
    },
    compared(decision, candidate) {
      if (candidate.effect === "error") metrics.shadowFailed();
      const words = inWords(candidate);
      recent.compared(decision.id, words);
      const change = changeOfCandidate(decision, candidate);
      if (change === undefined) return;
      metrics.shadowChanged(change);
      if (decisionLog === undefined) return;
      const record = recent.find(decision.id) ?? recordOf(remember(decision, 0, parts.now(), rules));
      decisionLog.changed(record, change, words);
    },
    notCompared(cause) {
      metrics.shadowFailed();
      log.debug("candidate not compared", { cause });
    },
    find(id) {
      const record = recent.find(id);
      return record === undefined ? undefined : { ...record, explanation: explained(record, active, mesh) };
    },
  };
}

function recordRules(resources: readonly Resource[], keep: ObserverParts["keep"]): RecordRules {
  const reads = readsOf(resources);
  return {
    reads: {
      headers: new Set([...reads.headers, ...keep.headers.map((name) => name.toLowerCase())]),
      claims: new Set([...reads.claims, ...keep.claims]),
      other: reads.other,
    },
    maskHeaders: new Set(keep.maskHeaders.map((name) => name.toLowerCase())),
    maskClaims: new Set(keep.maskClaims),
  };
}

function inWords(decision: Decision): CandidateInWords {
  const { effect, policy, revision } = decision;
  return { effect, reason: reasonOf(decision), policy: policy === undefined ? "" : policyName(policy), revision };
}

/** Made when asked for: most decisions are never looked at. Only while what decided is still in force. */
function explained(record: DecisionRecord, active: InForce | undefined, mesh: MeshSettings): object | string {
  if (record.request === null) return "the request could not be read";
  if (active === undefined || active.revision !== record.revision) return "the policies have changed since";
  const request = restoreRequest(record.request);
  const { workload } = request;
  const payload = record.claims ?? undefined;
  const judged = record.judged ? { request, payload, now: Date.parse(record.time) / 1000 } : undefined;
  const { access } = active.planFor(workload).authorization;
  return explainDecision(record, workload, judged, { resources: active.resources, access }, mesh);
}
