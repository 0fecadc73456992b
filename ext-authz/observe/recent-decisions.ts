/**
 * The last decisions, for `GET /v1/decisions/{id}`: a ring that never grows. What it keeps is for operators and holds no
 * token, no secret header and no claim but those that policies read.
 */
import type { Decision, JsonObject, ShadowVerdict } from "../model.ts";
import { policyName, reasonOf } from "../respond/answer.ts";
import type { CandidateInWords } from "./decision-log.ts";
import { type RecordedRequest, type RecordRules, recordClaims, recordRequest } from "./recorded-request.ts";
import { changesOfPolicies, type ShadowChange } from "./shadow-changes.ts";

export interface DecisionSummary {
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
  readonly effect: Decision["effect"];
  readonly reason: string;
  readonly detail: string;
  readonly policy: string;
  readonly layer: string;
  readonly revision: string;
  readonly principal: string;
  readonly shadow: readonly { readonly policy: string; readonly action: ShadowVerdict["action"] }[];
  readonly milliseconds: number;
}

export interface DecisionRecord extends DecisionSummary {
  /** null when the request could not be read. */
  readonly request: RecordedRequest | null;
  /** null = no verified token. */
  readonly claims: JsonObject | null;
  /** Whether policies were asked: not so when the request or its token was refused before. */
  readonly judged: boolean;
  /** What shadow policies, each alone, would have changed. */
  readonly changes: readonly ShadowChange[];
}

export interface RecentDecisions {
  add(record: DecisionRecord): void;
  /** Adds what the candidate set said, when that is known. */
  compared(id: string, candidate: CandidateInWords): void;
  find(id: string): (DecisionRecord & { readonly candidate?: CandidateInWords }) | undefined;
}

export function summaryOf(decision: Decision, milliseconds: number, now: Date): DecisionSummary {
  return {
    id: decision.id,
    time: now.toISOString(),
    effect: decision.effect,
    reason: reasonOf(decision),
    detail: decision.effect === "deny" ? (decision.refusal.detail ?? decision.refusal.text) : "",
    policy: decision.policy === undefined ? "" : policyName(decision.policy),
    layer: decision.policy?.layer ?? "",
    revision: decision.revision,
    principal: decision.principal,
    shadow: decision.shadow.map((shadow) => ({ policy: policyName(shadow.policy), action: shadow.action })),
    milliseconds: Math.round(milliseconds * 1000) / 1000,
  };
}

/** @param rules undefined while no snapshot is in force */
export function recordOf(summary: DecisionSummary, decision: Decision, rules: RecordRules | undefined): DecisionRecord {
  const { evidence } = decision;
  const seen = evidence?.judged ?? evidence?.received;
  return {
    ...summary,
    request: seen === undefined || rules === undefined ? null : recordRequest(seen, rules),
    claims: rules === undefined ? null : recordClaims(evidence?.payload, rules),
    judged: evidence?.judged !== undefined,
    changes: changesOfPolicies(decision),
  };
}

export function createRecentDecisions(size: number): RecentDecisions {
  const byId = new Map<string, DecisionRecord & { readonly candidate?: CandidateInWords }>();
  return {
    add(record) {
      const oldest = byId.size >= size ? byId.keys().next().value : undefined;
      if (oldest !== undefined) byId.delete(oldest);
      byId.set(record.id, record);
    },
    compared(id, candidate) {
      const record = byId.get(id);
      if (record !== undefined) byId.set(id, { ...record, candidate });
    },
    find: (id) => byId.get(id),
  };
}
