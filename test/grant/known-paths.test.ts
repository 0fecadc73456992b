/** Paths that were asked for before: the same needs and class as if they never had been, whatever plan asks. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { expect, it } from "vitest";
import { patternMap } from "../../ext-authz/authorize/rule-index/pattern-map.ts";
import { grantsOf } from "../../ext-authz/grant/known-paths.ts";
import { pathClass, pathMatchers } from "../../ext-authz/grant/path-class.ts";
import { type GrantPlan, needsOf } from "../../ext-authz/grant/plan.ts";

const needs = (inputs: string) => ({ inputs, inputsOfPeer: `connection ${inputs}`, barrier: undefined });

function plan(patterns: readonly string[] | undefined, inputs: string): GrantPlan {
  return {
    everywhere: needs(inputs),
    somewhere: needs(`${inputs} query`),
    byPath: patternMap(new Map([["^/b", { barrier: undefined }]])),
    paths: patterns && pathMatchers(patterns),
    preflights: true,
    mintedSeconds: 60,
  };
}

const plans = [plan(["/a/*", "/b", "*.html"], "header:a"), plan(["/a/b/*"], "header:b"), plan(undefined, "scheme")];
const path = fc.oneof(
  fc.constantFrom("/", "/a/", "/a/b", "/a/b/c", "/b", "/b/x.html", `/${"a".repeat(300)}`),
  fc.integer({ min: 0, max: 2000 }).map((n) => `/a/${n}`),
);

it("says the same each time", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...plans), path), { minLength: 50, maxLength: 100 }), (asked) => {
      for (const [of, one] of asked) {
        const terms = of.paths === undefined ? [`=${one}`] : pathClass(of.paths, one);
        expect(grantsOf(of, one)).toMatchObject({ needs: needsOf(of, one), terms });
      }
    }),
    { numRuns: 100 },
  );
});

it("keeps no plan that nobody else has: an old load's policies go", async () => {
  const asked = (): WeakRef<GrantPlan> => {
    const old = plan(["/old/*"], "header:old");
    grantsOf(old, "/old/1");
    return new WeakRef(old);
  };
  const old = asked();
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  for (let turn = 0; turn < 3; turn++) {
    // A reference that was looked at lives until its turn of the loop is over.
    await new Promise((resolve) => setImmediate(resolve));
    if (typeof gc === "function") gc();
  }
  expect(old.deref()).toBeUndefined();
});
