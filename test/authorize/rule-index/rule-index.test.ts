import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Facts, gatherFacts } from "../../../ext-authz/authorize/facts.ts";
import { compileAuthorization } from "../../../ext-authz/authorize/plan.ts";
import { type CompiledRule, ruleMatches } from "../../../ext-authz/authorize/rule.ts";
import {
  allMatches,
  firstMatch,
  indexRules,
  type RuleIndex,
} from "../../../ext-authz/authorize/rule-index/rule-index.ts";
import { mesh, policy, type RawRule, request } from "../fixtures.ts";
import { anyPayload, anyRequest, manyPolicies } from "./arbitrary-rules.ts";

const settings = { ...mesh, trustDomain: "td", trustDomainAliases: ["old", "*-td"] };

describe("index ≡ linear scan", () => {
  test("the same first rule, and the same rules in the same order", () => {
    let branches = 0;
    let matches = 0;
    fc.assert(
      fc.property(manyPolicies, anyRequest, anyPayload, (policies, changes, payload) => {
        // All in one index, whatever their action, so that it is large.
        const plan = compileAuthorization(
          policies.map((one) => ({ ...one, action: one.action === "ALLOW" ? "ALLOW" : "DENY", shadow: false })),
          settings,
        );
        const facts = gatherFacts(request(changes), payload);
        const set = changes.protocol === "tcp" ? plan.tcp : plan.http;
        for (const index of [set.deny, set.allow]) {
          const scanned = index.rules.filter((rule) => ruleMatches(rule, facts));
          if (index.root.branch !== undefined) branches++;
          matches += scanned.length;
          expect(allMatches(index, facts)).toEqual(scanned);
          expect(firstMatch(index, facts)).toBe(scanned[0]);
        }
      }),
      { numRuns: 1500 },
    );
    expect(branches).toBeGreaterThan(500);
    expect(matches).toBeGreaterThan(500);
  });
});

/** How many rules are really tried. */
function tried(index: RuleIndex, facts: Facts): number {
  let count = 0;
  const counting = index.rules.map((rule): CompiledRule => {
    const conditions = [
      { field: "", operands: [], negated: false, reads: [], holds: () => ++count > 0 },
      ...rule.conditions,
    ];
    return { ...rule, operations: [], sources: [], conditions };
  });
  allMatches({ ...index, rules: counting }, facts);
  return count;
}

function indexOf(rules: readonly RawRule[]): RuleIndex {
  const policies = rules.map((rule, at) => policy("DENY", [rule], { name: `p${String(at).padStart(6, "0")}` }));
  return compileAuthorization(policies, settings).http.deny;
}

const many = (rule: (at: number) => RawRule) => Array.from({ length: 2000 }, (_, at) => rule(at));
const asked = gatherFacts(
  request({
    path: "/p7/x",
    host: "h7.test",
    sourcePrincipal: "td/ns/n7/sa/s7",
    headers: new Map([["x-role", ["r7"]]]),
  }),
  { iss: "i", sub: "u7", role: "r7" },
);

describe("the cost does not grow with policies that cannot apply", () => {
  test.each<[string, (at: number) => RawRule]>([
    ["paths", (at) => ({ to: [{ paths: [`/p${at}/x`] }] })],
    ["path prefixes", (at) => ({ to: [{ paths: [`/p${at}/*`] }] })],
    ["path suffixes", (at) => ({ to: [{ paths: [`*p${at}/x`] }] })],
    ["path templates", (at) => ({ to: [{ paths: [`/p${at}/{*}`] }] })],
    ["hosts", (at) => ({ to: [{ hosts: [`H${at}.test`] }] })],
    ["hosts × paths", (at) => ({ to: [{ hosts: [`h${at % 45}.test`], paths: [`/p${Math.floor(at / 45)}/x`] }] })],
    ["methods × paths", (at) => ({ to: [{ methods: [at % 2 === 0 ? "GET" : "PUT"], paths: [`/p${at >> 1}/x`] }] })],
    ["principals", (at) => ({ from: [{ principals: [`td/ns/n/sa/s${at}`] }] })],
    ["namespaces", (at) => ({ from: [{ namespaces: [`n${at}`] }] })],
    ["service accounts", (at) => ({ from: [{ serviceAccounts: [`n7/s${at}`] }] })],
    [
      "several sources",
      (at) => ({ from: [{ namespaces: [`n${at}`] }, { namespaces: [`m${at}`], principals: ["*"] }] }),
    ],
    ["request principals", (at) => ({ from: [{ requestPrincipals: [`i/u${at}`] }] })],
    ["addresses", (at) => ({ from: [{ ipBlocks: [`10.${at >> 8}.${at & 255}.1`] }] })],
    ["headers", (at) => ({ when: [{ key: "request.headers[x-role]", values: [`r${at}`] }] })],
    ["claims", (at) => ({ when: [{ key: "request.auth.claims[role]", values: [`r${at}`] }] })],
    ["two operations", (at) => ({ to: [{ paths: [`/p${at}/x`] }, { hosts: [`h${at}.test`] }] })],
    [
      "a mixture",
      (at) =>
        [
          { to: [{ paths: [`/p${at}/x`] }] },
          { to: [{ hosts: [`h${at}.test`] }] },
          { from: [{ namespaces: [`n${at}`] }] },
          { when: [{ key: "request.headers[x-role]", values: [`r${at}`] }] },
        ][at % 4] ?? {},
    ],
  ])("%s", (_, rule) => {
    expect(tried(indexOf(many(rule)), asked)).toBeLessThan(25);
  });

  test("rules that could match anything are tried, all of them", () => {
    const index = indexOf(many(() => ({ to: [{ notPaths: ["/x"] }] })));
    expect(tried(index, asked)).toBe(2000);
  });
});

describe("hostile policies are filed within bounds", () => {
  const values = (prefix: string) => Array.from({ length: 200 }, (_, at) => `${prefix}${at}`);
  test.each<[string, readonly RawRule[]]>([
    [
      "the product of many values",
      Array.from({ length: 20 }, () => ({
        to: [{ hosts: values("h"), paths: values("/p"), methods: values("M") }],
        when: [{ key: "request.headers[x]", values: values("v") }],
      })),
    ],
    [
      "prefixes of prefixes",
      Array.from({ length: 3000 }, (_, at) => ({ to: [{ paths: [`${"/".repeat(at + 1)}*`] }] })),
    ],
    [
      "a header of its own for each",
      Array.from({ length: 3000 }, (_, at) => ({ when: [{ key: `request.headers[h${at}]`, values: ["v"] }] })),
    ],
    ["one rule a thousand times", Array.from({ length: 3000 }, () => ({ to: [{ paths: ["/p7/x"] }] }))],
  ])("%s", (_, rules) => {
    const index = indexOf(rules);
    const size = rules.length + JSON.stringify(rules).length;
    expect(filings(index.root)).toBeLessThan(size);
    expect(allMatches(index, asked)).toEqual(index.rules.filter((rule) => ruleMatches(rule, asked)));
  });

  test("nothing to file", () => {
    const index = indexRules([], settings);
    expect([firstMatch(index, asked), allMatches(index, asked)]).toEqual([undefined, []]);
  });
});

function filings({ leaf, branch }: RuleIndex["root"]): number {
  if (branch === undefined) return leaf.length;
  const { exact, prefixes, suffixes } = branch.fits;
  const below = [...exact.values(), ...prefixes.values, ...suffixes.values, branch.rest];
  return below.reduce((sum, node) => sum + filings(node), 0);
}
