/** The laws of `properties.test.ts` for sets so large that the index decides. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { AuthorizationPolicy } from "../../ext-authz/resources/resource.ts";
import { decide } from "./fixtures.ts";
import { anyPayload, anyRequest, manyPolicies, policyOf } from "./rule-index/arbitrary-rules.ts";

const runs = { numRuns: 400 };
const enforced = (one: AuthorizationPolicy): AuthorizationPolicy => ({ ...one, shadow: false });
const strict = fc.boolean().map((hard) => ({ strict: hard }));
const renamed = (one: AuthorizationPolicy): AuthorizationPolicy => ({ ...one, name: "one-more" });

describe("the algebra of many policies", () => {
  test("no order of files changes the verdict, nor the policy that it names, nor what shadow policies say", () => {
    const shuffled = manyPolicies.chain((among) =>
      fc.tuple(fc.constant(among), fc.shuffledSubarray(among, { minLength: among.length })),
    );
    fc.assert(
      fc.property(shuffled, anyRequest, anyPayload, strict, ([among, turned], asked, claims, settings) => {
        expect(decide(turned, asked, claims, settings)).toEqual(decide(among, asked, claims, settings));
      }),
      runs,
    );
  });

  test("no order of rules changes the effect", () => {
    fc.assert(
      fc.property(manyPolicies, anyRequest, anyPayload, strict, (among, asked, claims, settings) => {
        const turned = among.map((one) => ({ ...one, rules: one.rules?.toReversed() }));
        return decide(turned, asked, claims, settings).effect === decide(among, asked, claims, settings).effect;
      }),
      runs,
    );
  });

  test("one more DENY never allows", () => {
    const more = policyOf("DENY", "CUSTOM").map(enforced).map(renamed);
    fc.assert(
      fc.property(manyPolicies, more, anyRequest, anyPayload, strict, (among, one, asked, claims, settings) => {
        fc.pre(decide(among, asked, claims, settings).effect === "deny");
        return decide([...among, one], asked, claims, settings).effect === "deny";
      }),
      runs,
    );
  });

  test("one more ALLOW beside others never denies", () => {
    const more = policyOf("ALLOW").map(enforced).map(renamed);
    const allowing = manyPolicies.map((among) => among.filter(({ action }) => action === "ALLOW").map(enforced));
    fc.assert(
      fc.property(allowing, more, anyRequest, anyPayload, strict, (among, one, asked, claims, settings) => {
        fc.pre(among.length > 0 && decide(among, asked, claims, settings).effect === "allow");
        return decide([...among, one], asked, claims, settings).effect === "allow";
      }),
      runs,
    );
  });
});
