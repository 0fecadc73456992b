/**
 * Every value that a policy writes, with its field and its place. In: a policy. Out: a flat list. Pure. `when` keys that
 * mean the same as a source field get that field's name, so that a rule has to know one of them only.
 */
import type { Path } from "../resources/field-path.ts";
import type { AuthorizationPolicy, Rule } from "../resources/resource.ts";

export interface WrittenList {
  readonly policy: AuthorizationPolicy;
  /** Index of the rule. */
  readonly rule: number;
  /** Positive name: `principals`, `paths`, `request.auth.claims[roles]`, `connection.sni` … */
  readonly field: string;
  readonly negated: boolean;
  readonly values: readonly string[];
  readonly path: Path;
}

export interface WrittenValue extends WrittenList {
  readonly value: string;
}

const SAME_AS: ReadonlyMap<string, string> = new Map([
  ["source.ip", "ipBlocks"],
  ["remote.ip", "remoteIpBlocks"],
  ["source.namespace", "namespaces"],
  ["source.principal", "principals"],
  ["source.serviceAccount", "serviceAccounts"],
  ["source.trustDomain", "trustDomains"],
  ["request.auth.principal", "requestPrincipals"],
  ["destination.port", "ports"],
]);

/** The peer's workload identity. */
export const PEER_FIELDS: ReadonlySet<string> = new Set([
  "principals",
  "namespaces",
  "serviceAccounts",
  "trustDomains",
]);

/** What only a verified token has. */
export function isTokenField(field: string): boolean {
  return field === "requestPrincipals" || field.startsWith("request.auth.");
}

export function writtenLists(policy: AuthorizationPolicy): readonly WrittenList[] {
  return (policy.rules ?? []).flatMap((rule, index) => listsOfRule(policy, rule, index));
}

export function writtenValues(policy: AuthorizationPolicy): readonly WrittenValue[] {
  return writtenLists(policy).flatMap((list) =>
    list.values.map((value, index) => ({ ...list, value, path: [...list.path, index] })),
  );
}

function listsOfRule(policy: AuthorizationPolicy, rule: Rule, index: number): readonly WrittenList[] {
  const base: Path = ["spec", "rules", index];
  const lists: WrittenList[] = [];
  const addAll = (fields: Readonly<Record<string, readonly string[] | undefined>>, path: Path): void => {
    for (const [name, values] of Object.entries(fields)) {
      if (values === undefined) continue;
      lists.push({ policy, rule: index, ...fieldOf(name), values, path: [...path, name] });
    }
  };
  for (const [at, source] of (rule.from ?? []).entries()) addAll(source, [...base, "from", at, "source"]);
  for (const [at, operation] of (rule.to ?? []).entries()) addAll(operation, [...base, "to", at, "operation"]);
  for (const [at, { key, values, notValues }] of rule.when.entries()) {
    const field = SAME_AS.get(key) ?? key;
    const path = [...base, "when", at];
    if (values !== undefined)
      lists.push({ policy, rule: index, field, negated: false, values, path: [...path, "values"] });
    if (notValues !== undefined) {
      lists.push({ policy, rule: index, field, negated: true, values: notValues, path: [...path, "notValues"] });
    }
  }
  return lists;
}

function fieldOf(name: string): { readonly field: string; readonly negated: boolean } {
  if (!/^not[A-Z]/.test(name)) return { field: name, negated: false };
  return { field: name.charAt(3).toLowerCase() + name.slice(4), negated: true };
}
