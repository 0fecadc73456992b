/**
 * What a shadow would have changed. In: the decision that was given, and what shadow policies or a whole candidate set
 * say. Out: changes, each with the policy to count it for. Pure. AUDIT never changes anything.
 */
import type { Decision, ShadowVerdict } from "../model.ts";
import { policyName, reasonOf } from "../respond/answer.ts";

export interface ShadowChange {
  readonly change: "allow_to_deny" | "deny_to_allow";
  /** Of one shadow policy beside the active ones, or of the candidate set in their place. */
  readonly source: "policy" | "candidate";
  /** `namespace/name`: whose doing it is. */
  readonly policy: string;
}

const NONE: readonly ShadowChange[] = [];

/** One for each policy in `mode: shadow` or dry-run that would have turned the decision, were it enforced. */
export function changesOfPolicies(decision: Decision): readonly ShadowChange[] {
  return changesOf(decision.effect, reasonOf(decision), decision.shadow);
}

export function changesOf(
  effect: Decision["effect"],
  reason: string,
  shadow: readonly ShadowVerdict[],
): readonly ShadowChange[] {
  if (shadow.length === 0) return NONE;
  const refusable = effect === "allow";
  // One more ALLOW only helps where nothing but the want of an ALLOW refused.
  const allowable = effect === "deny" && (reason === "no_policy_allows" || reason === "no_policy");
  const changes = new Map<string, ShadowChange>();
  for (const { policy, action } of shadow) {
    if (action === "AUDIT") continue;
    const wouldAllow = action === "ALLOW";
    if (wouldAllow ? !allowable : !refusable) continue;
    const name = `${policy.namespace}/${policy.name}`;
    changes.set(name, { change: wouldAllow ? "deny_to_allow" : "allow_to_deny", source: "policy", policy: name });
  }
  return [...changes.values()];
}

/** @returns undefined when both say the same, or one of them is no decision but a failure */
export function changeOfCandidate(decision: Decision, candidate: Decision): ShadowChange | undefined {
  if (decision.effect === "error" || candidate.effect === "error" || decision.effect === candidate.effect)
    return undefined;
  const change = decision.effect === "allow" ? "allow_to_deny" : "deny_to_allow";
  // Where the candidate names no policy, it is the loss of the active one that makes the difference.
  const policy = candidate.policy ?? decision.policy;
  const name = policy === undefined ? reasonOf(candidate) : policyName({ ...policy, rule: -1 });
  return { change, source: "candidate", policy: name };
}
