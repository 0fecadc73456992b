/**
 * The whole explanation of one decision: what was decided, what every policy said to it, what came nearest to allowing,
 * and which policies of the neighbourhood do not speak of this workload at all. In: the decision in words, the resources
 * in force, the request as policies saw it. Out: plain, bounded data. Pure.
 */
import type { MeshSettings } from "../config/settings.ts";
import type { JsonObject, Layer, RequestModel, Workload } from "../model.ts";
import type { AuthorizationPolicy, Resource } from "../resources/resource.ts";
import { applies, layerOf } from "../resources/select.ts";
import type { AccessPlan } from "./access-policy-plan.ts";
import { type PolicyTrace, tracePolicies } from "./explain.ts";
import { type AccessTrace, traceAccess } from "./explain-access.ts";
import { type Nearest, nearestAllow } from "./explain-nearest.ts";

export interface DecisionInWords {
  readonly effect: "allow" | "deny" | "error";
  /** Closed code, `allowed` for an allow. */
  readonly reason: string;
  /** For operators; never holds token bytes. */
  readonly detail: string;
  /** `namespace/name[rule]`; "" when no policy decided. */
  readonly policy: string;
}

export interface Explanation extends DecisionInWords {
  readonly workload: { readonly namespace: string; readonly name: string; readonly labels: Record<string, string> };
  /** In the order in which they are asked. Empty when the request was refused before any policy was asked. */
  readonly policies: readonly PolicyTrace[];
  /** Ours, each rule of its own. */
  readonly accessPolicies: readonly AccessTrace[];
  /** Only for a deny for want of an allow. */
  readonly nearest: Nearest | undefined;
  /** Policies of the workload's namespace or the root that do not select it; at most 20. */
  readonly notSelecting: readonly { readonly policy: string; readonly layer: Layer; readonly why: string }[];
}

/** What was looked at; undefined when the request was refused before policies were asked. */
export interface Judged {
  readonly request: RequestModel;
  readonly payload: JsonObject | undefined;
  /** Seconds since the epoch, of the decision. */
  readonly now: number;
}

/** What decided. */
export interface InForce {
  readonly resources: readonly Resource[];
  readonly access: AccessPlan;
}

export function explainDecision(
  decision: DecisionInWords,
  workload: Workload,
  judged: Judged | undefined,
  { resources, access }: InForce,
  mesh: MeshSettings,
): Explanation {
  const policies = resources.filter((resource) => resource.kind === "AuthorizationPolicy");
  const mine = policies.filter((policy) => applies(policy, workload, mesh.rootNamespace));
  const traces = judged === undefined ? [] : tracePolicies(mine, judged.request, judged.payload, mesh);
  return {
    effect: decision.effect,
    reason: decision.reason,
    detail: decision.detail,
    policy: decision.policy,
    workload: {
      namespace: workload.namespace,
      name: workload.name,
      labels: Object.fromEntries(workload.labels),
    },
    policies: traces,
    accessPolicies:
      judged === undefined ? [] : traceAccess(access, resources, judged.request, judged.payload, judged.now),
    nearest: decision.effect === "deny" ? nearestAllow(traces) : undefined,
    notSelecting: neighbours(policies, workload, mesh),
  };
}

const MAX_NEIGHBOURS = 20;

function neighbours(policies: readonly AuthorizationPolicy[], workload: Workload, mesh: MeshSettings) {
  return policies
    .filter(({ namespace }) => namespace === workload.namespace || namespace === mesh.rootNamespace)
    .filter((policy) => !applies(policy, workload, mesh.rootNamespace))
    .slice(0, MAX_NEIGHBOURS)
    .map((policy) => ({
      policy: `${policy.namespace}/${policy.name}`,
      layer: layerOf(policy, mesh.rootNamespace),
      why: whyNot(policy, workload),
    }));
}

function whyNot({ target }: AuthorizationPolicy, workload: Workload): string {
  if (target.targetRefs.length > 0) {
    const refs = target.targetRefs.map(({ kind, name }) => `${kind} ${name}`).join(", ");
    return `is attached to ${refs}`;
  }
  for (const [key, value] of target.matchLabels) {
    const actual = workload.labels.get(key);
    if (actual === value) continue;
    const has = actual === undefined ? "has no such label" : `has ${key}=${actual}`;
    return `selects ${key}=${value}, the workload ${has}`;
  }
  return "does not select waypoints";
}
