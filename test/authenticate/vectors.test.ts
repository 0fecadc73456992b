/** The table of hostile signatures through the whole authentication stage: cold, and again beside the good ones remembered. */
import { describe, expect, test } from "vitest";
import { bearer, outcome, planOf, rule } from "./forge.ts";
import type { Vector } from "./vectors.ts";
import { allVectors } from "./vectors-all.ts";

const byKeys = new Map<string, Vector[]>();
for (const vector of allVectors) byKeys.set(vector.jwks, [...(byKeys.get(vector.jwks) ?? []), vector]);

describe.each([true, false])("strict: %s", (strict) => {
  test.each([...byKeys.values()].map((vectors) => [vectors[0]?.name ?? "", vectors] as const))(
    "%s …",
    async (_, vectors) => {
      const plan = planOf([rule({ jwks: vectors[0]?.jwks ?? "", audiences: ["svc"] })], strict);
      for (const round of ["cold", "remembered"]) {
        const wrong: string[] = [];
        for (const { name, raw, accepted } of vectors) {
          // What only strict refuses: keys that are too short or for something else.
          if (!strict && /20?47 bits|1024 bits|for encryption|shorter than the hash/.test(name)) continue;
          const said = await outcome(plan, bearer(raw));
          if (said.startsWith("ok ") !== accepted || said === "none") wrong.push(`${round}: ${name}: ${said}`);
        }
        expect(wrong).toEqual([]);
      }
    },
  );
});

test("each kind of good token is among them", () => {
  const good = allVectors.filter(({ accepted }) => accepted);
  expect(good.length).toBeGreaterThan(15);
  expect(allVectors.length).toBeGreaterThan(700);
});
