/** The table of hostile signatures through the whole authentication stage: cold, and again beside the good ones remembered. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { bearer, jwksOf, outcome, planOf, rule } from "./forge.ts";
import type { Vector } from "./vectors.ts";
import { allVectors } from "./vectors-all.ts";

const published = JSON.parse(readFileSync(new URL("../cases/jws-vectors.json", import.meta.url), "utf8")) as {
  readonly vectors: readonly { readonly source: string; readonly jwk: object; readonly jws: string }[];
};
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

/** RFC 7515 A.1–A.3 sign claims; what the others sign is no JSON, which is all that may be said against them. */
test.each(published.vectors.map((vector) => [vector.source, vector] as const))(
  "%s, the whole stage",
  async (source, vector) => {
    const plan = planOf([rule({ issuer: "", jwks: jwksOf(vector.jwk) })]);
    const isJwt = /^RFC 7515 A\.[123]$/.test(source);
    expect(await outcome(plan, bearer(vector.jws), 1_300_819_380)).toBe(
      isJwt ? "ok -" : "Jwt payload is an invalid JSON",
    );
    if (isJwt) expect(await outcome(plan, bearer(vector.jws), 1_300_819_441)).toBe("Jwt is expired");
  },
);

test("each kind of good token is among them", () => {
  const good = allVectors.filter(({ accepted }) => accepted);
  expect(good.length).toBeGreaterThan(15);
  expect(allVectors.length).toBeGreaterThan(700);
});
