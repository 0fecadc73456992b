/**
 * In: a plan, a request, and the payload of its verified token. Out: the verdict. Pure.
 * The order: the platform's REQUIREs, then Istio's CUSTOM, DENY, ALLOW, with DENYs and ALLOWs of AccessPolicies beside
 * Istio's, and every REQUIRE before the first ALLOW. AUDIT, dry-run and shadow policies only speak in `shadow`.
 */
import type { JsonObject, PolicyRef, RequestModel, ShadowVerdict, Verdict } from "../model.ts";
import type { PolicyReason } from "../result.ts";
import { circumstancesOf, NO_SURROUNDINGS, type Surroundings } from "./access-policy-circumstances.ts";
import { accessShadow, matchedAllow, matchedDeny, unmetRequirement } from "./access-policy-decide.ts";
import { type Facts, gatherFacts } from "./facts.ts";
import type { AuthorizationPlan, RuleSet } from "./plan.ts";
import { type CompiledRule, ruleMatches } from "./rule.ts";

/** Envoy's own text, which Istio's users look for. */
const DENIED = "RBAC: access denied";
const NO_SHADOW: readonly ShadowVerdict[] = [];

/**
 * @param request with the header changes of authentication already made
 * @param payload claims after Istio's space-delimited split; undefined when no token verified
 * @param surroundings the time, and what OPA servers answered; policies that need what is missing fail closed
 */
export function authorize(
  plan: AuthorizationPlan,
  request: RequestModel,
  payload: JsonObject | undefined,
  surroundings: Surroundings = NO_SURROUNDINGS,
): Verdict {
  const facts = gatherFacts(request, payload);
  const rules = request.protocol === "tcp" ? plan.tcp : plan.http;
  const { access } = plan;
  const circumstances = circumstancesOf(facts, surroundings);
  const shadows = (refusing: PolicyRef | undefined, allowed: boolean): readonly ShadowVerdict[] => {
    const ours = accessShadow(access, circumstances, allowed);
    const istio = shadowOf(rules, facts, refusing);
    return ours.length === 0 ? istio : [...istio, ...ours];
  };

  const refusing =
    unmetRequirement(access, circumstances, "platform") ??
    firstMatch(rules.custom, facts) ??
    firstMatch(rules.deny, facts) ??
    matchedDeny(access, circumstances) ??
    unmetRequirement(access, circumstances);
  if (refusing !== undefined) return deny("denied_by_policy", refusing, shadows(undefined, true));

  const allowing = firstMatch(rules.allow, facts) ?? matchedAllow(access, circumstances);
  const shadow = shadows(allowing === undefined ? plan.shadowAllow : undefined, allowing !== undefined);
  const closed = access.closed.find(
    ({ layer }) =>
      matchedAllow(access, circumstances, layer) === undefined &&
      firstMatch(
        rules.allow.filter(({ ref }) => ref.layer === layer),
        facts,
      ) === undefined,
  );
  if (closed !== undefined) return deny("no_policy_allows", closed, shadow);
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
