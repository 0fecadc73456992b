/** What is kept of verified tokens: which keys signed them, one reading of each, no more than the bounds say. */
import { describe, expect, test } from "vitest";
import { authenticate } from "../../ext-authz/authenticate/authenticate.ts";
import { createVerifiedTokens, tokenName, verifiedTokensOf } from "../../ext-authz/authenticate/verified-tokens.ts";
import { bearer, goodClaims, keys, LIMITS, NOW, outcome, token } from "./forge.ts";
import { a, keySet, plansOver, states, WIDE } from "./remembering-plans.ts";

const signal = new AbortController().signal;

describe("one token, kept", () => {
  const raw = token(goodClaims({ aud: "one" }), { alg: "EdDSA", kid: "a" }, keys.ed25519);

  test("of a token is known which keys signed it, those of before as well, and no more of them than are worth it", async () => {
    const memory = createVerifiedTokens(WIDE);
    const { cached, current } = plansOver(memory);
    const answers = Array.from({ length: 70 }, () => keySet(a));
    for (const [at, answer] of answers.entries()) {
      current.set("http://a", answer);
      expect(await outcome(cached, bearer(raw))).toBe("ok alice");
      const kept = memory.find(tokenName(raw), LIMITS.jsonDepth);
      const known = answers.map((one) => kept !== undefined && memory.isSignedBy(kept, one));
      expect(known).toEqual(answers.map((_, of) => of <= at && of > at - 64));
    }
  });

  test("of one text one reading is kept, the last one, and weighed once", async () => {
    const memory = createVerifiedTokens(WIDE);
    const plans = [8, 9].map((jsonDepth) => {
      const { cached, current } = plansOver(memory, true, { ...LIMITS, jsonDepth });
      current.set("http://a", states[1]);
      return { cached, jsonDepth };
    });
    const sizes = new Set<string>();
    for (const { cached, jsonDepth } of [...plans, ...plans]) {
      expect(await outcome(cached, bearer(raw))).toBe("ok alice");
      expect(memory.find(tokenName(raw), jsonDepth)).toBeDefined();
      expect(memory.find(tokenName(raw), 17 - jsonDepth)).toBeUndefined();
      sizes.add(JSON.stringify(memory.size));
    }
    expect([...sizes]).toEqual([expect.stringContaining('"entries":1')]);
  });

  test("the first request and the next have the same claims: what is made of them is made once", async () => {
    const memory = createVerifiedTokens(WIDE);
    const { cached, current } = plansOver(memory);
    current.set("http://a", states[4]);
    const claims = [NOW, NOW + 1, NOW + 2].map((now) => {
      // The same keys again, in another answer: the token verifies anew.
      if (now === NOW + 2) current.set("http://a", states[2]);
      const result = authenticate(cached, bearer(raw), now, signal);
      return "ok" in result && result.ok ? result.value.token?.claims : undefined;
    });
    expect(claims[0]).toMatchObject({ aud: "one" });
    expect(claims[1]).toBe(claims[0]);
    expect(claims[2]).toBe(claims[0]);
    expect(memory.size.entries).toBe(1);
  });
});

describe("bounds", () => {
  const many = Array.from({ length: 8 }, (_, at) =>
    token(goodClaims({ aud: "one", sub: `s${at}`, fill: "x".repeat(1000) }), { alg: "EdDSA", kid: "a" }, keys.ed25519),
  );

  test.each([
    ["by entries", { entries: 3, bytes: 1 << 20 }, 3],
    ["by bytes", { entries: 100, bytes: 9_000 }, 2],
    ["too big for all of it", { entries: 100, bytes: 500 }, 0],
  ])("%s", async (_, bounds, entries) => {
    const memory = createVerifiedTokens(bounds);
    const { cached, current } = plansOver(memory);
    current.set("http://a", states[1]);
    for (const raw of many) expect(await outcome(cached, bearer(raw))).toMatch(/^ok s/);
    expect(memory.size.entries).toBe(entries);
  });

  test("what was used last stays", async () => {
    const memory = createVerifiedTokens({ entries: 2, bytes: 1 << 20 });
    const { cached, current } = plansOver(memory);
    current.set("http://a", states[1]);
    const [first = "", second = "", third = ""] = many;
    for (const raw of [first, second, first, third]) await outcome(cached, bearer(raw));
    const isKept = (raw: string) => memory.find(tokenName(raw), LIMITS.jsonDepth) !== undefined;
    expect([first, second, third].map(isKept)).toEqual([true, false, true]);
  });

  test("the same sources share one memory over reloads, others do not", () => {
    const sources = () => ({ sourceFor: () => ({ current: () => undefined, renew: () => undefined }) });
    const mine = sources();
    expect(verifiedTokensOf(mine)).toBe(verifiedTokensOf(mine));
    expect(verifiedTokensOf(mine)).not.toBe(verifiedTokensOf(sources()));
  });
});
