/**
 * The last decisions, for `GET /v1/decisions/{id}`: a ring that never grows. What it keeps is for operators and holds no
 * token, no secret header and no claim but those that policies read.
 */

import type { Decision, Evidence, JsonObject, ShadowVerdict } from "../model.ts";
import { policyName, reasonOf } from "../respond/answer.ts";
import type { CandidateInWords } from "./decision-log.ts";
import { type RecordedRequest, type RecordRules, recordClaims, recordRequest, slim } from "./recorded-request.ts";
import { MASKED } from "./secret-header.ts";
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

/** What is kept of a decision until somebody asks for its record. */
export interface Remembered {
  readonly summary: DecisionSummary;
  /** As `slim` leaves it; undefined when there was no request, or no snapshot. */
  readonly seen: Evidence | undefined;
  readonly rules: RecordRules | undefined;
  readonly changes: readonly ShadowChange[];
}

export interface RecentDecisions {
  add(decision: Remembered): void;
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
export function remember(
  decision: Decision,
  milliseconds: number,
  now: Date,
  rules: RecordRules | undefined,
): Remembered {
  const { evidence } = decision;
  const summary = summaryOf(decision, milliseconds, now);
  const isMasked = summary.principal !== "" && ["iss", "sub"].some((claim) => rules?.maskClaims.has(claim));
  return {
    summary: isMasked ? { ...summary, principal: MASKED } : summary,
    seen: evidence === undefined || rules === undefined ? undefined : slim(evidence, rules),
    rules,
    changes: changesOfPolicies(decision),
  };
}

export function recordOf({ summary, seen, rules, changes }: Remembered): DecisionRecord {
  const known = seen !== undefined && rules !== undefined;
  return {
    ...summary,
    request: known ? recordRequest(seen.received, rules) : null,
    claims: known ? recordClaims(seen.payload, rules) : null,
    judged: seen?.judged !== undefined,
    changes,
  };
}

export function createRecentDecisions(size: number): RecentDecisions {
  const byId = new Map<string, Remembered & { readonly candidate?: CandidateInWords }>();
  return {
    add(decision) {
      const oldest = byId.size >= size ? byId.keys().next().value : undefined;
      if (oldest !== undefined) byId.delete(oldest);
      byId.set(decision.summary.id, decision);
    },
    compared(id, candidate) {
      const found = byId.get(id);
      if (found !== undefined) byId.set(id, { ...found, candidate });
    },
    find(id) {
      const found = byId.get(id);
      if (found === undefined) return undefined;
      return { ...recordOf(found), ...(found.candidate !== undefined && { candidate: found.candidate }) };
    },
  };
}
