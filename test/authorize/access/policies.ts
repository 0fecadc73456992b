/** Short ways to write AccessPolicies in tables, and to decide by them beside Istio's. */
import { type CompiledAccessPolicy, compileAccessPolicy } from "../../../ext-authz/authorize/access-policy.ts";
import type { Surroundings } from "../../../ext-authz/authorize/access-policy-circumstances.ts";
import { authorize } from "../../../ext-authz/authorize/authorize.ts";
import { compileAuthorization } from "../../../ext-authz/authorize/plan.ts";
import type { JsonObject, Layer, RequestModel, Verdict } from "../../../ext-authz/model.ts";
import type { AccessAction, AccessPolicy } from "../../../ext-authz/resources/access-policy-resource.ts";
import type { AuthorizationPolicy } from "../../../ext-authz/resources/resource.ts";
import { mesh, request } from "../fixtures.ts";

const LABELS = new Map([["app", "x"]]);

export function access(
  action: AccessAction,
  cel: string | readonly string[],
  layer: Layer = "application",
  changes: Partial<AccessPolicy> = {},
): AccessPolicy {
  const rules =
    typeof cel === "string" ? [{ name: "", cel }] : cel.map((text, index) => ({ name: `r${index}`, cel: text }));
  return {
    kind: "AccessPolicy",
    namespace: layer === "platform" ? mesh.rootNamespace : "foo",
    name: `${action.toLowerCase()}-${layer}`,
    target: { matchLabels: layer === "service" ? LABELS : new Map(), targetRefs: [] },
    shadow: false,
    file: "test.yaml",
    line: 1,
    action,
    defaultDeny: false,
    criterion: { by: "cel", rules },
    ...changes,
  };
}

export interface Given {
  readonly istio?: readonly AuthorizationPolicy[];
  readonly request?: Partial<RequestModel>;
  readonly payload?: JsonObject | undefined;
  readonly strict?: boolean;
  readonly surroundings?: Surroundings;
}

export function decideBy(policies: readonly (AccessPolicy | CompiledAccessPolicy)[], given: Given = {}): Verdict {
  const compiled = policies.map((one) => ("tests" in one ? one : compileAccessPolicy(one, mesh.rootNamespace)));
  const plan = compileAuthorization(given.istio ?? [], { ...mesh, strict: given.strict ?? false }, compiled);
  return authorize(plan, request(given.request), given.payload, given.surroundings);
}
