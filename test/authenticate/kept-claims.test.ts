/** Claims are kept as they were read, frozen, and weigh no less than they hold. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { claimsKeeper } from "../../ext-authz/authenticate/kept-claims.ts";
import { parseStrictObject } from "../../ext-authz/authenticate/strict-json.ts";

const DEPTH = 16;

function read(text: string) {
  const claims = parseStrictObject(text, DEPTH);
  if (claims === undefined) throw new Error(text);
  return claims;
}

function isDeeplyFrozen(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  return Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen);
}

const name = fc.oneof(fc.string({ maxLength: 20 }), fc.constantFrom("__proto__", "constructor", "iss", "é", "#made"));
const text = fc.oneof(
  fc.string({ maxLength: 80, unit: "grapheme" }),
  fc.constantFrom("https://issuer.example", "😀".repeat(20)),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.boolean(), fc.constant(null), tie("list"), tie("object")),
  list: fc.array(tie("value"), { maxLength: 4 }),
  object: fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
}));
const document = fc
  .uniqueArray(fc.tuple(name, value), { maxLength: 6, selector: ([key]) => key })
  .map((entries) => `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${JSON.stringify(one)}`).join()}}`)
  .filter((written) => parseStrictObject(written, DEPTH) !== undefined);

describe("kept claims", () => {
  it("are what was read, deeply frozen, and a copy", () => {
    const keep = claimsKeeper();
    fc.assert(
      fc.property(document, text, (written, kid) => {
        const claims = read(written);
        const kept = keep(claims, kid);
        expect(JSON.stringify(kept.claims)).toBe(JSON.stringify(claims));
        expect(kept.claims).toEqual(claims);
        expect(Object.getPrototypeOf(kept.claims)).toBe(Object.getPrototypeOf(claims));
        expect(kept.kid).toBe(kid);
        expect(kept.claims).not.toBe(claims);
        expect(isDeeplyFrozen(kept.claims)).toBe(true);
      }),
    );
  });

  it("are told apart though many were seen: a text is never taken for another", () => {
    const keep = claimsKeeper();
    for (let n = 0; n < 3000; n++) {
      const said = { iss: "https://issuer.example", sub: `somebody-by-the-name-of-${n}`, n };
      expect(keep(read(JSON.stringify(said)), `key-${n % 7}`)).toMatchObject({ claims: said, kid: `key-${n % 7}` });
    }
  });

  it.each([
    ["long text", { a: "x".repeat(10_000) }, 10_000],
    ["text beyond Latin-1", { a: "😀".repeat(1000) }, 4000],
    ["a list of short ones", { a: Array.from({ length: 1000 }, () => "a") }, 8000],
    ["many members", Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`name-${n}`, n])), 500 * 60],
    ["the same text, shared or not", { a: Array.from({ length: 100 }, () => "https://issuer.example/of-many") }, 3000],
  ])("weigh what they hold: %s", (_, claims, least) => {
    const keep = claimsKeeper();
    const weights = [1, 2, 3].map(() => keep(read(JSON.stringify(claims)), "").bytes);
    expect(weights[0]).toBeGreaterThanOrEqual(least);
    expect(new Set(weights).size).toBe(1);
  });

  it("a long key id weighs too", () => {
    const keep = claimsKeeper();
    expect(keep(read("{}"), "k".repeat(5000)).bytes).toBeGreaterThan(keep(read("{}"), "").bytes + 5000);
  });
});
