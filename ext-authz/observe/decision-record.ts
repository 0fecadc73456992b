/**
 * What operators are shown of a decision: its summary for the log, its record for the decision log and `GET /v1/decisions/{id}`.
 * In: a decision, what may be kept of it. Out: plain values that hold no token, no secret header and no claim but those that
 * policies read. Pure.
 */

import type { Decision, Evidence, JsonObject, ShadowVerdict } from "../model.ts";
import { policyName, reasonOf } from "../respond/answer.ts";
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
  const { id, effect, policy, revision, shadow, evidence } = decision;
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
      detail: detailOf(decision),
      principal: shownPrincipal(decision, rules),
    },
    seen: evidence === undefined || rules === undefined ? undefined : slim(evidence, rules),
    rules,
    changes: changesOfPolicies(decision),
  };
}

export function detailOf(decision: Decision): string {
  return decision.effect === "deny" ? (decision.refusal.detail ?? decision.refusal.text) : "";
}

export function shownPrincipal({ principal }: Pick<Decision, "principal">, rules: RecordRules | undefined): string {
  const masks = rules?.maskClaims;
  const isMasked = principal !== "" && masks !== undefined && (masks.has("iss") || masks.has("sub"));
  return isMasked ? MASKED : principal;
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
