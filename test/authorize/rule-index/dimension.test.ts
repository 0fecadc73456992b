/** The promise of a dimension: where a clause holds, one of the request's texts fits one of the clause's keys. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Facts, gatherFacts } from "../../../ext-authz/authorize/facts.ts";
import { compileAuthorization } from "../../../ext-authz/authorize/plan.ts";
import type { Clause } from "../../../ext-authz/authorize/rule.ts";
import { dimensionOf } from "../../../ext-authz/authorize/rule-index/dimension.ts";
import { patternMap, visitMatches } from "../../../ext-authz/authorize/rule-index/pattern-map.ts";
import type { JsonObject, RequestModel } from "../../../ext-authz/model.ts";
import { mesh, policy, type RawRule, request } from "../fixtures.ts";
import { anyPayload, anyRequest, manyPolicies } from "./arbitrary-rules.ts";

const settings = { ...mesh, trustDomain: "td", trustDomainAliases: ["old", "*-td"] };

/** undefined = the clause has no keys, and its rule is always tried. */
function isFound({ field, operands, negated }: Clause, facts: Facts): boolean | undefined {
  const dimension = negated ? undefined : dimensionOf(field, settings);
  if (dimension === undefined) return undefined;
  const keys = operands.map(dimension.keysOf);
  if (keys.includes(undefined)) return undefined;
  const fits = patternMap(new Map(keys.flatMap((list) => (list ?? []).map((key) => [key, true]))));
  let found = false;
  for (const text of dimension.textsOf(facts)) visitMatches(fits, text, () => (found = true));
  return found;
}

function clausesOf(rules: readonly RawRule[]): readonly Clause[] {
  const { rules: compiled } = compileAuthorization([policy("DENY", rules)], settings).http.deny;
  return compiled.flatMap(({ sources, operations, conditions }) => [
    ...sources.flat(),
    ...operations.flat(),
    ...conditions,
  ]);
}

const source = (name: string, value: string): RawRule => ({ from: [{ [name]: [value] }] });
const peer = (sourcePrincipal: string) => ({ sourcePrincipal });

describe("a clause that holds is found", () => {
  test("whatever the rule and the request", () => {
    const held = new Set<string>();
    fc.assert(
      fc.property(manyPolicies, anyRequest, anyPayload, (policies, changes, payload) => {
        const facts = gatherFacts(request(changes), payload);
        for (const clause of clausesOf(policies.flatMap(({ rules = [] }) => rules))) {
          if (!clause.holds(facts)) continue;
          const found = isFound(clause, facts);
          if (found === true) held.add(clause.field);
          if (found === false) expect([clause.field, clause.operands]).toEqual("found");
        }
      }),
      { numRuns: 1000 },
    );
    // All fields met a request that they match by a key.
    expect(held.size).toBeGreaterThanOrEqual(22);
  });

  test.each<[RawRule, Partial<RequestModel>, JsonObject?]>([
    [source("requestPrincipals", "i"), {}, { iss: "i", sub: "" }],
    [source("requestPrincipals", "a*b"), {}, { iss: "a*b", sub: "" }],
    [source("requestPrincipals", "i/a/s"), {}, { iss: "i/a", sub: "s" }],
    [source("requestPrincipals", "*/*"), {}, { iss: "i", sub: "*" }],
    [source("principals", "td/ns/foo/sa/x"), peer("old/ns/foo/sa/x")],
    [source("principals", "old/ns/foo/sa/x"), peer("my-td/ns/foo/sa/x")],
    [source("namespaces", "bar"), peer("td/ns/foo/ns/bar/x")],
    [source("namespaces", "foo"), peer("ns/foo/x")],
    [source("serviceAccounts", "foo/x"), peer("td/ns/foo/q/sa/y/sa/x/z")],
    [{ to: [{ hosts: ["X.test"] }] }, { host: "x.TEST" }],
    [{ to: [{ ports: ["08080"] }] }, {}],
    [{ to: [{ paths: ["/c/{*}/d"] }] }, { path: "/c/x/d" }],
    [{ from: [{ ipBlocks: ["::ffff:10.0.0.0/104"] }] }, {}],
  ])("%o", (rule, changes, payload) => {
    const facts = gatherFacts(request(changes), payload);
    const clauses = clausesOf([rule]);
    expect(clauses.map((clause) => [clause.holds(facts), isFound(clause, facts)])).toEqual([[true, true]]);
  });
});
