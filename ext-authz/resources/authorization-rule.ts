/**
 * The rules of an AuthorizationPolicy: their schema, and for one that has the right shape, reports of what Istio's
 * validation refuses and warns of. Pure.
 */
import { pathProblem } from "../authorize/path-template.ts";
import { checkCondition } from "./condition.ts";
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
import { closed, text, texts } from "./schema.ts";

type Fields = { readonly [field: string]: readonly string[] };

export interface RawRule {
  readonly from?: readonly { readonly source: Fields }[];
  readonly to?: readonly { readonly operation: Fields }[];
  readonly when?: readonly Condition[];
}

const lists = (...names: string[]) => Object.fromEntries(names.map((name) => [name, texts()]));
const serviceAccounts = texts({ maxItems: 16, maxLength: 320 });

const sourceSchema = closed({
  ...lists("principals", "notPrincipals", "requestPrincipals", "notRequestPrincipals", "namespaces", "notNamespaces"),
  ...lists("trustDomains", "notTrustDomains", "ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"),
  serviceAccounts,
  notServiceAccounts: serviceAccounts,
});
const operationSchema = closed(
  lists("hosts", "notHosts", "ports", "notPorts", "methods", "notMethods", "paths", "notPaths"),
);
export const ruleSchema = closed({
  from: { type: "array", minItems: 1, maxItems: 512, items: closed({ source: sourceSchema }, ["source"]) },
  to: { type: "array", minItems: 1, items: closed({ operation: operationSchema }, ["operation"]) },
  when: { type: "array", items: closed({ key: text, values: texts(), notValues: texts() }, ["key"]) },
});

export function checkRule(rule: RawRule, action: PolicyAction, report: Report): void {
  for (const [index, { source }] of (rule.from ?? []).entries()) {
    checkSource(source, action, under(report, "from", index, "source"));
  }
  for (const [index, { operation }] of (rule.to ?? []).entries()) {
    checkOperation(operation, under(report, "to", index, "operation"));
  }
  for (const [index, condition] of (rule.when ?? []).entries()) {
    checkCondition(condition, action, under(report, "when", index));
  }
}

/** CUSTOM runs before tokens and identities are looked at. */
const NOT_FOR_CUSTOM = ["principals", "requestPrincipals", "namespaces", "serviceAccounts", "trustDomains"];

function checkSource(source: Fields, action: PolicyAction, report: Report): void {
  if (!hasAny(source)) report([], "the source must name something", "leave `from` out to mean any source");
  const accounts = filled(source, "serviceAccounts");
  if (accounts && (filled(source, "namespaces") || filled(source, "principals"))) {
    report([], "`serviceAccounts` cannot stand beside `namespaces` or `principals`", "use two sources, or two rules");
  }
  for (const [field, values] of Object.entries(source)) {
    const name = positive(field);
    if (action === "CUSTOM" && values.length > 0 && NOT_FOR_CUSTOM.includes(name)) {
      report([field], "is not supported with the action CUSTOM");
    }
    const check = SOURCE_CHECKS.get(name);
    if (check !== undefined) checkValues(values, check, under(report, field));
  }
}

function checkOperation(operation: Fields, report: Report): void {
  if (!hasAny(operation)) report([], "the operation must name something", "leave `to` out to mean any operation");
  for (const [field, values] of Object.entries(operation)) {
    const check = OPERATION_CHECKS.get(positive(field));
    if (check !== undefined) checkValues(values, check, under(report, field));
  }
}

const SOURCE_CHECKS: ReadonlyMap<string, ValueCheck> = new Map([
  ["ipBlocks", addressProblem],
  ["remoteIpBlocks", addressProblem],
  ["serviceAccounts", serviceAccountProblem],
  ["trustDomains", trustDomainProblem],
]);
const OPERATION_CHECKS: ReadonlyMap<string, ValueCheck> = new Map([
  ["ports", portProblem],
  ["paths", pathProblem],
]);

/** `notIpBlocks` → `ipBlocks`. */
function positive(field: string): string {
  return /^not[A-Z]/.test(field) ? field.charAt(3).toLowerCase() + field.slice(4) : field;
}

function hasAny(fields: Fields): boolean {
  return Object.values(fields).some((values) => values.length > 0);
}

/** Whether a field or its negation is written. */
function filled(fields: Fields, name: string): boolean {
  return Object.entries(fields).some(([field, values]) => positive(field) === name && values.length > 0);
}

/** Istio warns: on TCP such a DENY loses what it cannot check and matches everything. */
export function isHttpOnlyDeny(rule: RawRule): boolean {
  const onTcp = (fields: Fields, names: (name: string) => boolean) =>
    Object.entries(fields).some(([field, values]) => values.length > 0 && names(positive(field)));
  const from = rule.from?.some(({ source }) => onTcp(source, (name) => name !== "requestPrincipals"));
  const to = rule.to?.some(({ operation }) => onTcp(operation, (name) => name === "ports"));
  return to === undefined ? from === false : !to;
}
