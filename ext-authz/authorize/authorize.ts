/**
 * In: a plan, a request, and the payload of its verified token. Out: the verdict. Pure.
 * The order: who the peer is (STRICT), the platform's REQUIREs, then Istio's CUSTOM, DENY, ALLOW, with DENYs and ALLOWs of AccessPolicies beside
 * Istio's, and every REQUIRE before the first ALLOW. AUDIT, dry-run and shadow policies only speak in `shadow`.
 */
import type { JsonObject, PolicyRef, RequestModel, ShadowVerdict, Verdict } from "../model.ts";
import type { PolicyReason } from "../result.ts";
import {
  type Circumstances,
  circumstancesOf,
  NO_SURROUNDINGS,
  type Surroundings,
} from "./access-policy-circumstances.ts";
import { accessShadow, matchedAllow, matchedDeny, unmetRequirement } from "./access-policy-decide.ts";
import { type Facts, gatherFacts } from "./facts.ts";
import { unidentifiedPeer } from "./peer-authentication.ts";
import type { AuthorizationPlan, RuleSet } from "./plan.ts";
import { allMatches, firstMatch, type RuleIndex } from "./rule-index/rule-index.ts";

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
  const unidentified = plan.strict ? unidentifiedPeer(plan.peers, request) : undefined;
  if (unidentified !== undefined)
    return deny("peer_not_authenticated", unidentified, shadows(plan, circumstances, facts, undefined, true));

  const refusing =
    unmetRequirement(access, circumstances, "platform") ??
    firstMatch(rules.custom, facts)?.ref ??
    firstMatch(rules.deny, facts)?.ref ??
    matchedDeny(access, circumstances) ??
    unmetRequirement(access, circumstances);
  if (refusing !== undefined)
    return deny("denied_by_policy", refusing, shadows(plan, circumstances, facts, undefined, true));

  const allowing = firstMatch(rules.allow, facts)?.ref ?? matchedAllow(access, circumstances);
  const closed =
    access.closed.length === 0
      ? undefined
      : access.closed.find(
          ({ layer }) =>
            matchedAllow(access, circumstances, layer) === undefined &&
            allMatches(rules.allow, facts).every(({ ref }) => ref.layer !== layer),
        );
  // After all that is in force: what shadows cost must not be missing there.
  const wanting = allowing === undefined ? plan.shadowAllow : undefined;
  const shadow = shadows(plan, circumstances, facts, wanting, allowing !== undefined);
  if (closed !== undefined) return deny("no_policy_allows", closed, shadow);
  if (allowing !== undefined) return { effect: "allow", policy: allowing, shadow };
  if (plan.hasAllow) return deny("no_policy_allows", undefined, shadow);
  if (plan.strict) return deny("no_policy", undefined, shadow);
  return { effect: "allow", policy: undefined, shadow };
}

function deny(code: PolicyReason, policy: PolicyRef | undefined, shadow: readonly ShadowVerdict[]): Verdict {
  return { effect: "deny", refusal: { code, text: DENIED }, policy, shadow };
}

/** @param refusing as `shadowOf` takes it. @param allowed whether some enforced ALLOW matches */
function shadows(
  plan: AuthorizationPlan,
  circumstances: Circumstances,
  facts: Facts,
  refusing: PolicyRef | undefined,
  allowed: boolean,
): readonly ShadowVerdict[] {
  const ours = accessShadow(plan.access, circumstances, allowed);
  const istio = shadowOf(facts.request.protocol === "tcp" ? plan.tcp : plan.http, facts, refusing);
  return ours.length === 0 ? istio : [...istio, ...ours];
}

/** @param refusing the dry-run ALLOW policy that would have refused if none of its like matches */
function shadowOf(rules: RuleSet, facts: Facts, refusing: PolicyRef | undefined): readonly ShadowVerdict[] {
  const { audit, shadowDeny, shadowAllow } = rules;
  if (audit.rules.length + shadowDeny.rules.length + shadowAllow.rules.length === 0 && refusing === undefined)
    return NO_SHADOW;
  const denied = verdictsOf("DENY", shadowDeny, facts);
  const allowed = verdictsOf("ALLOW", shadowAllow, facts);
  const left: readonly ShadowVerdict[] =
    refusing !== undefined && allowed.length === 0 ? [{ policy: refusing, action: "DENY" }] : NO_SHADOW;
  return [...verdictsOf("AUDIT", audit, facts), ...denied, ...allowed, ...left];
}

function verdictsOf(action: ShadowVerdict["action"], rules: RuleIndex, facts: Facts): readonly ShadowVerdict[] {
  return allMatches(rules, facts).map(({ ref }) => ({ policy: ref, action }));
}
