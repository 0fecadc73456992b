/**
 * In: one `when` of a rule. Out: reports of what Istio's validation refuses. Pure.
 * Source: Istio `ValidateAttribute` and "Authorization Policy Conditions".
 */
import { type Report, under } from "./field-path.ts";
import {
  addressProblem,
  checkValues,
  portProblem,
  serviceAccountProblem,
  trustDomainProblem,
  type ValueCheck,
} from "./field-value.ts";
import type { Condition, PolicyAction } from "./resource.ts";

const fine: ValueCheck = () => undefined;

const KEYS: ReadonlyMap<string, ValueCheck> = new Map([
  ["source.ip", addressProblem],
  ["remote.ip", addressProblem],
  ["source.namespace", fine],
  ["source.principal", fine],
  ["source.serviceAccount", serviceAccountProblem],
  ["source.trustDomain", trustDomainProblem],
  ["request.auth.principal", fine],
  ["request.auth.audiences", fine],
  ["request.auth.presenter", fine],
  ["destination.ip", addressProblem],
  ["destination.port", portProblem],
  ["connection.sni", fine],
]);

/** Keys that name a member in brackets. */
const BRACKETED = ["request.headers", "request.auth.claims", "experimental.envoy.filters."];

const GONE: ReadonlyMap<string, string> = new Map([
  ["destination.namespace", "the policy's own `metadata.namespace` says it"],
  ["destination.labels", "use the workload selector"],
  ["destination.name", "it was only in v1alpha1"],
  ["destination.user", "it was only in v1alpha1"],
]);

const NOT_FOR_CUSTOM = ["source.namespace", "source.serviceAccount", "source.principal", "source.trustDomain"];

export function checkCondition(condition: Condition, action: PolicyAction, report: Report): void {
  const { key, values = [], notValues = [] } = condition;
  if (values.length + notValues.length === 0) report([], "at least one of `values` and `notValues` must be set");
  if (action === "CUSTOM" && (NOT_FOR_CUSTOM.includes(key) || key.startsWith("request.auth."))) {
    report(["key"], `\`${key}\` is not supported with the action CUSTOM`);
  }
  const check = KEYS.get(key);
  if (check !== undefined) {
    checkValues(values, check, under(report, "values"));
    checkValues(notValues, check, under(report, "notValues"));
  } else if (!BRACKETED.some((prefix) => key.startsWith(prefix))) {
    const gone = [...GONE].find(([name]) => key === name || key.startsWith(`${name}[`));
    report(
      ["key"],
      `\`${key}\` is no known attribute`,
      gone?.[1] ?? `known: ${[...KEYS.keys(), ...BRACKETED].join(", ")}`,
    );
  } else if (!namesMember(key)) {
    report(["key"], `\`${key}\` must name something in brackets`, "for example request.headers[x-role]");
  }
}

/** `a[b]` with a non-empty b. */
function namesMember(key: string): boolean {
  const open = key.indexOf("[");
  return key.endsWith("]") && open > 0 && open < key.length - 2;
}
