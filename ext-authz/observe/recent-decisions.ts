/**
 * The last decisions, for `GET /v1/decisions/{id}`: a ring that never grows. What it keeps is for operators and holds no
 * token, no header value and no claim but the principal.
 */
import type { Decision, ShadowVerdict } from "../model.ts";
import { policyName, reasonOf } from "../respond/answer.ts";

export interface DecisionRecord {
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

export interface RecentDecisions {
  add(record: DecisionRecord): void;
  find(id: string): DecisionRecord | undefined;
}

export function recordOf(decision: Decision, milliseconds: number, now: Date): DecisionRecord {
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

export function createRecentDecisions(size: number): RecentDecisions {
  const byId = new Map<string, DecisionRecord>();
  return {
    add(record) {
      const oldest = byId.size >= size ? byId.keys().next().value : undefined;
      if (oldest !== undefined) byId.delete(oldest);
      byId.set(record.id, record);
    },
    find: (id) => byId.get(id),
  };
}
