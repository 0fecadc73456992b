/**
 * In: the AuthorizationPolicies that apply to one workload, and the mesh. Out: an immutable plan. Pure, at load.
 * Policies of one action are one index of rules, from whatever layer: within an action Istio knows only "any matches".
 */
import type { MeshSettings } from "../config/settings.ts";
import type { PolicyRef } from "../model.ts";
import type { AuthorizationPolicy, PeerAuthentication } from "../resources/resource.ts";
import { layerOf } from "../resources/select.ts";
import type { CompiledAccessPolicy } from "./access-policy.ts";
import { type AccessPlan, planAccess } from "./access-policy-plan.ts";
import { type PeerPlan, planPeers } from "./peer-authentication.ts";
import { type CompiledRule, compileRule } from "./rule.ts";
import { canonicalOrder } from "./rule-index/canonical-order.ts";
import { indexRules, type RuleIndex } from "./rule-index/rule-index.ts";

/** The rules of one action for one protocol. */
export interface RuleSet {
  /** CUSTOM rules whose provider cannot be asked: what matches is refused. */
  readonly custom: RuleIndex;
  readonly deny: RuleIndex;
  readonly allow: RuleIndex;
  readonly audit: RuleIndex;
  readonly shadowDeny: RuleIndex;
  readonly shadowAllow: RuleIndex;
}

export interface AuthorizationPlan {
  readonly http: RuleSet;
  readonly tcp: RuleSet;
  /** An enforced ALLOW policy exists, even if it has no rule that can match: then only a match allows. */
  readonly hasAllow: boolean;
  /** The dry-run ALLOW policy that would begin to refuse; undefined when there is none. */
  readonly shadowAllow: PolicyRef | undefined;
  /** Whom the workload talks to at all. */
  readonly peers: PeerPlan;
  /** AccessPolicies, beside Istio's. */
  readonly access: AccessPlan;
  /** True = without any ALLOW policy nothing is allowed. */
  readonly strict: boolean;
}

/** @param given already selected for the workload (`applies`), as are the others; in any order, which does not count */
export function compileAuthorization(
  given: readonly AuthorizationPolicy[],
  mesh: MeshSettings,
  accessPolicies: readonly CompiledAccessPolicy[] = [],
  peerAuthentications: readonly PeerAuthentication[] = [],
): AuthorizationPlan {
  const byOrder = canonicalOrder(mesh.rootNamespace);
  const policies = given.toSorted(byOrder);
  const access = planAccess(accessPolicies.toSorted((a, b) => byOrder(a.policy, b.policy)));
  const shadowAllow = policies.find((policy) => policy.shadow && policy.action === "ALLOW");
  return {
    http: ruleSet(policies, mesh, "http"),
    tcp: ruleSet(policies, mesh, "tcp"),
    hasAllow: access.hasAllow || policies.some((policy) => !policy.shadow && policy.action === "ALLOW"),
    access,
    peers: planPeers(peerAuthentications, mesh.rootNamespace),
    shadowAllow: shadowAllow === undefined ? undefined : refOf(shadowAllow, mesh, -1),
    strict: mesh.strict,
  };
}

function ruleSet(policies: readonly AuthorizationPolicy[], mesh: MeshSettings, protocol: "http" | "tcp"): RuleSet {
  const rules = (chosen: (policy: AuthorizationPolicy) => boolean) =>
    indexRules(
      policies.filter(chosen).flatMap((policy) => compilePolicy(policy, mesh, protocol)),
      mesh,
    );
  const refused = refusedProvider(policies, mesh);
  return {
    custom: rules((policy) => policy.action === "CUSTOM" && !policy.shadow && refused(policy)),
    deny: rules((policy) => policy.action === "DENY" && !policy.shadow),
    allow: rules((policy) => policy.action === "ALLOW" && !policy.shadow),
    audit: rules((policy) => policy.action === "AUDIT"),
    shadowDeny: rules((policy) => policy.action === "DENY" && policy.shadow),
    shadowAllow: rules((policy) => policy.action === "ALLOW" && policy.shadow),
  };
}

/**
 * Whether a CUSTOM policy fails closed. A provider that the mesh does not define cannot be asked, and two providers on
 * one workload are one too many for Istio. A known provider restricts nothing here: we are the external authorizer that
 * a CUSTOM policy hands over to, and the proxy asks the other ones itself.
 */
function refusedProvider(policies: readonly AuthorizationPolicy[], mesh: MeshSettings) {
  const custom = policies.filter((policy) => policy.action === "CUSTOM" && !policy.shadow);
  const several = new Set(custom.map((policy) => policy.provider)).size > 1;
  return ({ provider }: AuthorizationPolicy) =>
    several || provider === undefined || !mesh.extensionProviders.includes(provider);
}

function compilePolicy(policy: AuthorizationPolicy, mesh: MeshSettings, protocol: "http" | "tcp"): CompiledRule[] {
  const context = { mesh, policyNamespace: policy.namespace };
  return (policy.rules ?? []).flatMap(
    (rule, index) => compileRule(rule, refOf(policy, mesh, index), policy.action, protocol, context) ?? [],
  );
}

function refOf(policy: AuthorizationPolicy, mesh: MeshSettings, rule: number): PolicyRef {
  const { kind, namespace, name } = policy;
  return { kind, namespace, name, layer: layerOf(policy, mesh.rootNamespace), rule };
}
