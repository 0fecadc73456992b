/**
 * What each AccessPolicy said to a request. In: the compiled policies of the workload, the request, the payload of its
 * token. Out: a trace as plain data. Pure. An OPA server is not asked again: its policies then say "error".
 */
import type { JsonObject, Layer, PolicyRef, RequestModel } from "../model.ts";
import { type AccessPolicy, isAccessPolicy } from "../resources/access-policy-resource.ts";
import { displayUrl } from "../resources/display-url.ts";
import type { AccessTest } from "./access-policy.ts";
import { circumstancesOf } from "./access-policy-circumstances.ts";
import type { AccessPlan } from "./access-policy-plan.ts";
import { shown } from "./explain-values.ts";
import { gatherFacts } from "./facts.ts";

export interface AccessTrace {
  readonly layer: Layer;
  readonly namespace: string;
  readonly name: string;
  readonly action: AccessPolicy["action"];
  readonly shadow: boolean;
  /** Index of the rule; -1 = the policy as a whole. */
  readonly rule: number;
  readonly file: string;
  readonly line: number;
  /** What was evaluated, cut. */
  readonly expression: string;
  readonly says: boolean | "error";
  /** Of an error, "" else. An error refuses, whatever the action. */
  readonly error: string;
}

const ACTIONS = ["require", "deny", "allow"] as const;

/** @param now seconds since the epoch, of the decision */
export function traceAccess(
  plan: AccessPlan,
  resources: readonly { readonly kind: string }[],
  request: RequestModel,
  payload: JsonObject | undefined,
  now: number,
): readonly AccessTrace[] {
  const policies = new Map(resources.filter(isAccessPolicy).map((policy) => [keyOf(policy), policy]));
  const circumstances = circumstancesOf(gatherFacts(request, payload), { now, answers: new Map() });
  const trace = ({ ref, judge }: AccessTest): readonly AccessTrace[] => {
    const policy = policies.get(keyOf(ref));
    if (policy === undefined) return [];
    const { layer, namespace, name, rule } = ref;
    const { action, shadow, file, line } = policy;
    const judged = judge(circumstances);
    const [says, error] = judged.ok ? [judged.value, ""] : (["error", shown([judged.error]).join("")] as const);
    const [expression = ""] = shown([expressionOf(policy, rule)]);
    return [{ layer, namespace, name, action, shadow, rule, file, line, expression, says, error }];
  };
  return [plan, plan.shadow].flatMap((tests) => ACTIONS.flatMap((action) => tests[action].flatMap(trace)));
}

function keyOf({ namespace, name }: Pick<PolicyRef, "namespace" | "name">): string {
  return `${namespace}/${name}`;
}

function expressionOf({ criterion }: AccessPolicy, rule: number): string {
  switch (criterion.by) {
    case "cel":
      return criterion.rules[Math.max(rule, 0)]?.cel ?? "";
    case "rego":
      return `rego ${criterion.entrypoint}`;
    case "opa":
      return `opa ${displayUrl(criterion.url)}`;
    case "nothing":
      return "";
  }
}
