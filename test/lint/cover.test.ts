import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { comparableRules, covers } from "../../ext-authz/lint/cover.ts";
import type { RequestModel } from "../../ext-authz/model.ts";
import { policy, type RawRule, ruleMatches } from "../authorize/fixtures.ts";

const covered = (outer: RawRule, inner: RawRule): boolean => {
  const [a] = comparableRules(policy("ALLOW", [outer]));
  const [b] = comparableRules(policy("ALLOW", [inner]));
  return a !== undefined && b !== undefined && covers(a, b);
};
const paths = (...values: string[]): RawRule => ({ to: [{ paths: values }] });
const blocks = (...values: string[]): RawRule => ({ from: [{ ipBlocks: values }] });
const role = (values: readonly string[]): RawRule => ({ when: [{ key: "request.headers[x-role]", values }] });

describe("covers", () => {
  const rows: readonly (readonly [string, RawRule, RawRule, boolean])[] = [
    ["nothing asked covers all", {}, paths("/a"), true],
    ["something asked does not cover all", paths("/a"), {}, false],
    ["prefix over exact", paths("/a/*"), paths("/a/b"), true],
    ["exact over prefix", paths("/a/b"), paths("/a/*"), false],
    ["prefix over template", paths("/a/*"), paths("/a/{*}/c"), true],
    ["template over exact is not told", paths("/a/{*}"), paths("/a/b"), false],
    ["suffix over longer suffix", paths("*.css"), paths("*.min.css"), true],
    ["suffix over prefix", paths("*b"), paths("/a*"), false],
    ["any of many", paths("/b", "/a/*"), paths("/a/1", "/a/2"), true],
    ["one outside", paths("/b", "/a/*"), paths("/a/1", "/c"), false],
    ["block over block", blocks("10.0.0.0/8"), blocks("10.1.0.0/16"), true],
    ["narrow over wide block", blocks("10.1.0.0/16"), blocks("10.0.0.0/8"), false],
    ["fewer exclusions over more", { to: [{ notPaths: ["/a"] }] }, { to: [{ notPaths: ["/a", "/b"] }] }, true],
    ["more exclusions over fewer", { to: [{ notPaths: ["/a", "/b"] }] }, { to: [{ notPaths: ["/a"] }] }, false],
    [
      "field and `when` key mean the same",
      blocks("10.0.0.0/8"),
      { when: [{ key: "source.ip", values: ["10.0.0.1"] }] },
      true,
    ],
  ];
  test.each(rows)("%s", (_, outer, inner, expected) => {
    expect(covered(outer, inner)).toBe(expected);
  });

  test("a short service account belongs to its namespace", () => {
    const rule: RawRule = { from: [{ serviceAccounts: ["a"] }] };
    const [a] = comparableRules(policy("DENY", [rule], { namespace: "istio-system" }));
    const [b] = comparableRules(policy("ALLOW", [rule], { namespace: "shop" }));
    expect(a !== undefined && b !== undefined && covers(a, b)).toBe(false);
  });

  const some = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
  const pathValues = some(["/a", "/a*", "/a/*", "*b", "*", "/{*}", "/a/{**}", "/a/b"]);
  const rule: fc.Arbitrary<RawRule> = fc.oneof(
    pathValues.map((values) => ({ to: [{ paths: values }] })),
    pathValues.map((values) => ({ to: [{ notPaths: values }] })),
    fc.tuple(pathValues, pathValues).map(([yes, no]) => ({ to: [{ paths: yes, notPaths: no }] })),
    some(["10.0.0.0/8", "10.0.0.1", "192.0.2.0/24"]).map((values) => ({ from: [{ ipBlocks: values }] })),
    fc.tuple(some(["a", "a*", "*"]), pathValues).map(([values, at]) => ({ ...role(values), to: [{ paths: at }] })),
    some(["a", "b", "*"]).map(role),
  );
  const request: fc.Arbitrary<Partial<RequestModel>> = fc.record({
    path: fc.constantFrom("/a", "/a/b", "/a/", "/b", "/", "", "/a[b"),
    headers: fc.constantFrom([], ["a"], ["b", "a"], ["ab"]).map((lines) => new Map([["x-role", lines]])),
  });

  test("a yes is right: what the inner rule matches the outer one matches", () => {
    fc.assert(
      fc.property(rule, rule, request, (outer, inner, asked) => {
        fc.pre(covered(outer, inner) && ruleMatches(inner, asked));
        return ruleMatches(outer, asked);
      }),
      { numRuns: 500 },
    );
  });
});
