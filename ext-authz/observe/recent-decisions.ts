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

/** What is kept of a decision until somebody asks for its record: texts are made then, most are never asked for. */
export interface Remembered {
  readonly decided: Decided;
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

/** Of a decision what its summary is made of: no header, no evidence. */
interface Decided extends Pick<Decision, "id" | "effect" | "policy" | "revision" | "principal" | "shadow"> {
  readonly at: Date;
  readonly reason: string;
  readonly detail: string;
  readonly milliseconds: number;
}

export function summaryOf({ decided }: Pick<Remembered, "decided">): DecisionSummary {
  const { id, at, effect, reason, detail, policy, revision, principal, shadow, milliseconds } = decided;
  return {
    ...{ id, time: at.toISOString(), effect, reason, detail },
    policy: policy === undefined ? "" : policyName(policy),
    layer: policy?.layer ?? "",
    ...{ revision, principal },
    shadow: shadow.map((one) => ({ policy: policyName(one.policy), action: one.action })),
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
  const { id, effect, policy, revision, principal, shadow, evidence } = decision;
  const masks = rules?.maskClaims;
  const isMasked = principal !== "" && masks !== undefined && (masks.has("iss") || masks.has("sub"));
  return {
    decided: {
      id,
      effect,
      policy,
      revision,
      shadow,
      milliseconds,
      at: now,
      reason: reasonOf(decision),
      detail: decision.effect === "deny" ? (decision.refusal.detail ?? decision.refusal.text) : "",
      principal: isMasked ? MASKED : principal,
    },
    seen: evidence === undefined || rules === undefined ? undefined : slim(evidence, rules),
    rules,
    changes: changesOfPolicies(decision),
  };
}

export function recordOf(remembered: Remembered): DecisionRecord {
  const { seen, rules, changes } = remembered;
  const known = seen !== undefined && rules !== undefined;
  return {
    ...summaryOf(remembered),
    request: known ? recordRequest(seen.received, rules) : null,
    claims: known ? recordClaims(seen.payload, rules) : null,
    judged: seen?.judged !== undefined,
    changes,
  };
}

export function createRecentDecisions(size: number): RecentDecisions {
  type Kept = Remembered & { readonly candidate?: CandidateInWords };
  const ring: Kept[] = [];
  let newest = -1;
  /** From the newest back: what is asked for is seldom old, and asking is rare where adding is not. */
  const indexOf = (id: string): number => {
    for (let back = 0; back < ring.length; back++) {
      const at = (newest - back + ring.length) % ring.length;
      if (ring[at]?.decided.id === id) return at;
    }
    return -1;
  };
  return {
    add(decision) {
      if (size < 1) return;
      newest = (newest + 1) % size;
      ring[newest] = decision;
    },
    compared(id, candidate) {
      const at = indexOf(id);
      const found = ring[at];
      if (found !== undefined) ring[at] = { ...found, candidate };
    },
    find(id) {
      const found = ring[indexOf(id)];
      if (found === undefined) return undefined;
      return { ...recordOf(found), ...(found.candidate !== undefined && { candidate: found.candidate }) };
    },
  };
}
