/**
 * Whether one rule takes in everything that another one does. In: two rules. Out: yes, or "not that we can tell": a yes is
 * always right, a no may be wrong. Pure. An alternative of the inner rule must lie whole in one alternative of the outer.
 */
import { cidrContains, parseCidr } from "../authorize/cidr.ts";
import { isPathTemplate } from "../authorize/path-template.ts";
import type { AuthorizationPolicy } from "../resources/resource.ts";
import { type WrittenList, writtenLists } from "./written-value.ts";

/** One way to match a rule: all of these lists must hold. */
type Alternative = readonly WrittenList[];

/** Beyond this many alternatives of a rule nothing is said. */
const MAX_ALTERNATIVES = 64;

export interface ComparableRule {
  readonly policy: AuthorizationPolicy;
  readonly rule: number;
  readonly alternatives: readonly Alternative[];
}

export function comparableRules(policy: AuthorizationPolicy): readonly ComparableRule[] {
  const lists = writtenLists(policy);
  return (policy.rules ?? []).flatMap((_, rule) => {
    const alternatives = alternativesOf(lists.filter((list) => list.rule === rule));
    return alternatives.length > MAX_ALTERNATIVES ? [] : [{ policy, rule, alternatives }];
  });
}

/** Sources times operations, each with all conditions. */
function alternativesOf(lists: readonly WrittenList[]): readonly Alternative[] {
  const under = (part: string): readonly Alternative[] => {
    const groups = new Map<unknown, WrittenList[]>();
    for (const list of lists) {
      if (list.path[3] !== part) continue;
      const group = groups.get(list.path[4]);
      if (group === undefined) groups.set(list.path[4], [list]);
      else group.push(list);
    }
    return groups.size === 0 ? [[]] : [...groups.values()];
  };
  const conditions = lists.filter((list) => list.path[3] === "when");
  return under("from").flatMap((from) => under("to").map((to) => [...from, ...to, ...conditions]));
}

export function covers(outer: ComparableRule, inner: ComparableRule): boolean {
  return inner.alternatives.every((narrow) =>
    outer.alternatives.some((wide) => wide.every((list) => narrow.some((other) => implies(other, list)))),
  );
}

/** Holding `given` means holding `wanted`. */
function implies(given: WrittenList, wanted: WrittenList): boolean {
  if (given.field !== wanted.field || given.negated !== wanted.negated) return false;
  // A short service account belongs to its policy's own namespace.
  if (given.field === "serviceAccounts" && given.policy.namespace !== wanted.policy.namespace) return false;
  const [small, large] = given.negated ? [wanted, given] : [given, wanted];
  return small.values.every((value) => large.values.some((other) => valueCovers(given.field, other, value)));
}

/** A rule with such an alternative alone can never match: all that it asks for it also rules out. */
export function contradicts(alternative: Alternative): WrittenList | undefined {
  return alternative.find(
    (list) =>
      !list.negated &&
      alternative.some(
        (other) =>
          other.negated &&
          other.field === list.field &&
          list.values.every((value) => other.values.some((not) => valueCovers(list.field, not, value))),
      ),
  );
}

function valueCovers(field: string, outer: string, inner: string): boolean {
  if (outer === inner) return true;
  switch (field) {
    case "ipBlocks":
    case "remoteIpBlocks":
    case "destination.ip":
      return blockCovers(outer, inner);
    case "hosts":
      return patternCovers(outer.toLowerCase(), inner.toLowerCase());
    case "paths":
      return isPathTemplate(outer) ? false : patternCovers(outer, isPathTemplate(inner) ? literalPrefix(inner) : inner);
    case "methods":
    case "principals":
    case "connection.sni":
      return patternCovers(outer, inner);
    case "namespaces":
    case "trustDomains":
      return outer === "*";
    case "requestPrincipals":
      return outer === "*" && /^[^/].*\/[^/]+$/.test(inner);
    case "serviceAccounts":
    case "ports":
      return false;
  }
  return field.startsWith("experimental.") ? false : patternCovers(outer, inner);
}

/** `/a/{*}/b` lies in whatever takes in `/a/*`. */
function literalPrefix(template: string): string {
  return `${template.slice(0, template.indexOf("{"))}*`;
}

function patternCovers(outer: string, inner: string): boolean {
  if (outer === "*") return true;
  if (inner === "*") return false;
  if (outer.startsWith("*")) {
    const suffix = outer.slice(1);
    if (inner.startsWith("*")) return inner.slice(1).endsWith(suffix);
    return !inner.endsWith("*") && inner.endsWith(suffix);
  }
  if (outer.endsWith("*")) {
    const prefix = outer.slice(0, -1);
    return !inner.startsWith("*") && inner.replace(/\*$/, "").startsWith(prefix);
  }
  return false;
}

function blockCovers(outer: string, inner: string): boolean {
  const [wide, narrow] = [parseCidr(outer), parseCidr(inner)];
  if (wide === undefined || narrow === undefined || narrow.bits < wide.bits) return false;
  return cidrContains(wide, { bytes: narrow.bytes, text: inner });
}
