/**
 * In: a plan, a request, and the payload of its verified token. Out: the verdict. Pure.
 * The order is Istio's: CUSTOM, then DENY, then ALLOW. AUDIT and dry-run policies only speak in `shadow`.
 */
import type { JsonObject, PolicyRef, RequestModel, ShadowVerdict, Verdict } from "../model.ts";
import type { PolicyReason } from "../result.ts";
import { type Facts, gatherFacts } from "./facts.ts";
import type { AuthorizationPlan, RuleSet } from "./plan.ts";
import { type CompiledRule, ruleMatches } from "./rule.ts";

/** Envoy's own text, which Istio's users look for. */
const DENIED = "RBAC: access denied";
const NO_SHADOW: readonly ShadowVerdict[] = [];

/**
 * @param request with the header changes of authentication already made
 * @param payload claims after Istio's space-delimited split; undefined when no token verified
 */
export function authorize(plan: AuthorizationPlan, request: RequestModel, payload: JsonObject | undefined): Verdict {
  const facts = gatherFacts(request, payload);
  const rules = request.protocol === "tcp" ? plan.tcp : plan.http;

  const refusing = firstMatch(rules.custom, facts) ?? firstMatch(rules.deny, facts);
  if (refusing !== undefined) return deny("denied_by_policy", refusing, shadowOf(rules, facts, undefined));

  const allowing = firstMatch(rules.allow, facts);
  const shadow = shadowOf(rules, facts, allowing === undefined ? plan.shadowAllow : undefined);
  if (allowing !== undefined) return { effect: "allow", policy: allowing, shadow };
  if (plan.hasAllow) return deny("no_policy_allows", undefined, shadow);
  if (plan.strict) return deny("no_policy", undefined, shadow);
  return { effect: "allow", policy: undefined, shadow };
}

function deny(code: PolicyReason, policy: PolicyRef | undefined, shadow: readonly ShadowVerdict[]): Verdict {
  return { effect: "deny", refusal: { code, text: DENIED }, policy, shadow };
}

function firstMatch(rules: readonly CompiledRule[], facts: Facts): PolicyRef | undefined {
  for (const rule of rules) if (ruleMatches(rule, facts)) return rule.ref;
  return undefined;
}

/** @param refusing the dry-run ALLOW policy that would have refused if none of its like matches */
function shadowOf(rules: RuleSet, facts: Facts, refusing: PolicyRef | undefined): readonly ShadowVerdict[] {
  const { audit, shadowDeny, shadowAllow } = rules;
  if (audit.length + shadowDeny.length + shadowAllow.length === 0 && refusing === undefined) return NO_SHADOW;
  const denied = verdictsOf("DENY", shadowDeny, facts);
  const allowed = verdictsOf("ALLOW", shadowAllow, facts);
  const left: readonly ShadowVerdict[] =
    refusing !== undefined && allowed.length === 0 ? [{ policy: refusing, action: "DENY" }] : NO_SHADOW;
  return [...verdictsOf("AUDIT", audit, facts), ...denied, ...allowed, ...left];
}

function verdictsOf(
  action: ShadowVerdict["action"],
  rules: readonly CompiledRule[],
  facts: Facts,
): readonly ShadowVerdict[] {
  return rules.filter((rule) => ruleMatches(rule, facts)).map((rule) => ({ policy: rule.ref, action }));
}
