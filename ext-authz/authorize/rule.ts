/**
 * In: one rule of a policy. Out: its compiled form for HTTP and for TCP, and whether it matches the facts. Pure.
 * rule = (no `from` or any source) AND (no `to` or any operation) AND every condition; inside each, every clause.
 * Clauses keep their field and operands, so that an index can be put in front and an explanation can name the one
 * that failed.
 */
import type { Read } from "../grant/read.ts";
import type { PolicyRef } from "../model.ts";
import type { PolicyAction, Rule } from "../resources/resource.ts";
import type { Facts, Test } from "./facts.ts";
import { conditionField, type Field, type FieldContext, operationField, sourceField } from "./field.ts";

/** One field of a rule with its values. `not…` holds when the attribute is absent. */
export interface Clause {
  /** As in the policy: `source.notIpBlocks`, `operation.paths`, `request.headers[x-role]`. */
  readonly field: string;
  readonly operands: readonly string[];
  readonly negated: boolean;
  readonly reads: readonly Read[];
  /** After negation. */
  readonly holds: Test;
}

export interface CompiledRule {
  readonly ref: PolicyRef;
  /** Empty = any. */
  readonly sources: readonly (readonly Clause[])[];
  /** Empty = any. */
  readonly operations: readonly (readonly Clause[])[];
  readonly conditions: readonly Clause[];
}

/**
 * What happens to what cannot be used: fields that TCP does not have, and values that mean nothing.
 * `narrow` (ALLOW): the whole rule goes. `widen` (DENY, AUDIT, CUSTOM): the value goes, and the clause with its last one.
 * Either way less is allowed.
 */
type Leniency = "narrow" | "widen";

export function compileRule(
  rule: Rule,
  ref: PolicyRef,
  action: PolicyAction,
  protocol: "http" | "tcp",
  context: FieldContext,
): CompiledRule | undefined {
  const leniency: Leniency = action === "ALLOW" ? "narrow" : "widen";
  const clausesOf = (drafts: readonly Draft[]) => compileClauses(drafts, protocol, leniency);
  const sources = rule.from?.map((source) => clausesOf(sourceDrafts(source, context)));
  const operations = rule.to?.map((operation) => clausesOf(operationDrafts(operation)));
  const conditions = clausesOf(rule.when.flatMap((condition) => conditionDrafts(condition, context)));
  if (conditions === undefined || !isComplete(sources) || !isComplete(operations)) return undefined;
  return { ref, sources: sources ?? [], operations: operations ?? [], conditions };
}

function isComplete(lists: readonly (readonly Clause[] | undefined)[] = []): lists is readonly (readonly Clause[])[] {
  return !lists.includes(undefined);
}

interface Draft {
  readonly name: string;
  readonly field: Field | undefined;
  readonly values: readonly string[] | undefined;
  readonly negated: boolean;
}

function sourceDrafts(source: NonNullable<Rule["from"]>[number], context: FieldContext): Draft[] {
  const draft = (name: Parameters<typeof sourceField>[0], values?: readonly string[], not?: readonly string[]) =>
    draftPair(`source.${name}`, `source.not${capital(name)}`, sourceField(name, context), values, not);
  return [
    ...draft("principals", source.principals, source.notPrincipals),
    ...draft("requestPrincipals", source.requestPrincipals, source.notRequestPrincipals),
    ...draft("namespaces", source.namespaces, source.notNamespaces),
    ...draft("serviceAccounts", source.serviceAccounts, source.notServiceAccounts),
    ...draft("trustDomains", source.trustDomains, source.notTrustDomains),
    ...draft("ipBlocks", source.ipBlocks, source.notIpBlocks),
    ...draft("remoteIpBlocks", source.remoteIpBlocks, source.notRemoteIpBlocks),
  ];
}

function operationDrafts(operation: NonNullable<Rule["to"]>[number]): Draft[] {
  const draft = (name: Parameters<typeof operationField>[0], values?: readonly string[], not?: readonly string[]) =>
    draftPair(`operation.${name}`, `operation.not${capital(name)}`, operationField(name), values, not);
  return [
    // The most telling first: most rules fail on their path.
    ...draft("paths", operation.paths, operation.notPaths),
    ...draft("methods", operation.methods, operation.notMethods),
    ...draft("ports", operation.ports, operation.notPorts),
    ...draft("hosts", operation.hosts, operation.notHosts),
  ];
}

function conditionDrafts(condition: Rule["when"][number], context: FieldContext): Draft[] {
  const { key, values, notValues } = condition;
  return draftPair(key, key, conditionField(key, context), values, notValues);
}

function draftPair(
  name: string,
  notName: string,
  field: Field | undefined,
  values: readonly string[] | undefined,
  notValues: readonly string[] | undefined,
): Draft[] {
  return [
    { name, field, values, negated: false },
    { name: notName, field, values: notValues, negated: true },
  ];
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function compileClauses(
  drafts: readonly Draft[],
  protocol: "http" | "tcp",
  leniency: Leniency,
): readonly Clause[] | undefined {
  const clauses: Clause[] = [];
  for (const { name, field, values, negated } of drafts) {
    if (values === undefined || values.length === 0) continue;
    const known = field !== undefined && (protocol === "http" || !field.httpOnly);
    const operands = known ? values.filter(field.usable) : [];
    if (leniency === "narrow" && operands.length < values.length) return undefined;
    if (!known || operands.length === 0) continue;
    const test = field.test(operands);
    const holds: Test = negated ? (facts) => !test(facts) : test;
    clauses.push({ field: name, operands, negated, reads: field.reads, holds });
  }
  return clauses;
}

export function ruleMatches(rule: CompiledRule, facts: Facts): boolean {
  return anyHolds(rule.operations, facts) && allHold(rule.conditions, facts) && anyHolds(rule.sources, facts);
}

function anyHolds(alternatives: readonly (readonly Clause[])[], facts: Facts): boolean {
  if (alternatives.length === 0) return true;
  for (const clauses of alternatives) if (allHold(clauses, facts)) return true;
  return false;
}

function allHold(clauses: readonly Clause[], facts: Facts): boolean {
  for (const clause of clauses) if (!clause.holds(facts)) return false;
  return true;
}
