/** Verified tokens are remembered, and nobody can tell but by the clock on the wall: not by time, keys, bounds or revocation. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { authenticate } from "../../ext-authz/authenticate/authenticate.ts";
import { compileCredentials } from "../../ext-authz/authenticate/credentials/credential-plan.ts";
import { offlineSources } from "../../ext-authz/authenticate/credentials/credential-sources.ts";
import { identify } from "../../ext-authz/authenticate/credentials/identify.ts";
import { parseRevocationList, type RevocationList } from "../../ext-authz/authenticate/credentials/revocation-list.ts";
import { createVerifiedTokens } from "../../ext-authz/authenticate/verified-tokens.ts";
import { bearer, goodClaims, jwkOf, keys, LIMITS, NOW, outcome, resource, token } from "./forge.ts";
import { keySet, plansOver, states, WIDE } from "./remembering-plans.ts";

const signal = new AbortController().signal;

const tokens = [
  ...["one", "three"].flatMap((aud) => [
    token(goodClaims({ aud, exp: NOW + 20 }), { alg: "EdDSA", kid: "a" }, keys.ed25519),
    token(goodClaims({ aud, nbf: NOW + 10 }), { alg: "ES256", kid: "b" }, keys.p256),
    token(goodClaims({ aud: [aud, "one"], iss: "https://other.example" }), { alg: "ES256", kid: "" }, keys.p256),
    token(goodClaims({ aud, exp: undefined }), { alg: "EdDSA", kid: "a" }, keys.ed25519),
  ]),
  token(goodClaims({ aud: "one" }), { alg: "ES256", kid: "b" }, keys.p384),
];
/** The same text but for one character at the end: never the same token. */
const texts = [...tokens, ...tokens.map((raw) => `${raw.slice(0, -9)}AAAAAAAAA`), "", "é.é.é"];

const step = fc.record({
  raw: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...tokens) }, fc.constantFrom(...texts)),
  now: fc.integer({ min: NOW, max: NOW + 30 }),
  rotate: fc.oneof(
    { weight: 5, arbitrary: fc.constant(undefined) },
    fc.tuple(fc.constantFrom("http://a", "http://b"), fc.constantFrom(...states)),
  ),
});

test("cached ≡ uncached, whatever happens to tokens, clock, keys and memory", () => {
  const bounds = fc.record({ entries: fc.integer({ min: 0, max: 10 }), bytes: fc.integer({ min: 0, max: 20_000 }) });
  let hits = 0;
  fc.assert(
    fc.property(bounds, fc.boolean(), fc.array(step, { minLength: 40, maxLength: 120 }), (limits, strict, steps) => {
      const memory = createVerifiedTokens(limits);
      const counting = { ...memory, find: (...of: Parameters<typeof memory.find>) => count(memory.find(...of)) };
      const { cached, uncached, current } = plansOver(counting, strict);
      for (const name of ["http://a", "http://b"]) current.set(name, states[4]);
      for (const { raw, now, rotate } of steps) {
        if (rotate !== undefined) current.set(...rotate);
        const request = bearer(raw);
        expect(authenticate(cached, request, now, signal)).toEqual(authenticate(uncached, request, now, signal));
        expect(memory.size.entries).toBeLessThanOrEqual(limits.entries);
        expect(memory.size.bytes).toBeLessThanOrEqual(limits.bytes);
      }
    }),
    { numRuns: 150 },
  );
  // Or nothing was shown.
  expect(hits).toBeGreaterThan(500);

  function count<T>(found: T | undefined): T | undefined {
    if (found !== undefined) hits++;
    return found;
  }
});

describe("one token, remembered", () => {
  const raw = token(goodClaims({ aud: "one", nbf: NOW, exp: NOW + 20 }), { alg: "EdDSA", kid: "a" }, keys.ed25519);
  const table = [
    ["still good", NOW + 20, states[1], "ok alice"],
    ["its time is over", NOW + 21, states[1], "Jwt is expired"],
    ["the clock went back", NOW - 1, states[1], "Jwt not yet valid"],
    ["its key is gone", NOW, states[3], "Jwks doesn't have key to match kid or alg from Jwt"],
    ["all keys are too old", NOW, undefined, "Jwks remote fetch is failed"],
    ["another key of that name", NOW, keySet(jwkOf(keys.p384, { kid: "a" })), "Jwt verification fails"],
  ] as const;
  test.each(table)("%s", async (_, now, next, expected) => {
    const memory = createVerifiedTokens(WIDE);
    const { cached, current } = plansOver(memory);
    current.set("http://a", states[1]);
    expect(await outcome(cached, bearer(raw), NOW)).toBe("ok alice");
    expect(memory.size.entries).toBe(1);
    current.set("http://a", next);
    expect(await outcome(cached, bearer(raw), now)).toBe(expected);
  });

  test("a key that verifies for one rule says nothing for the rule with other keys", async () => {
    const { cached, current } = plansOver(createVerifiedTokens(WIDE));
    current.set("http://a", states[3]);
    current.set("http://b", states[1]);
    const both = token(goodClaims({ aud: ["one", "two"] }), { alg: "EdDSA", kid: "a" }, keys.ed25519);
    expect(await outcome(cached, bearer(both))).toBe("ok alice");
    current.set("http://b", states[3]);
    expect(await outcome(cached, bearer(both))).toBe("Jwks doesn't have key to match kid or alg from Jwt");
  });

  test("plans with other limits do not profit from it", async () => {
    const memory = createVerifiedTokens(WIDE);
    const deep = token(goodClaims({ aud: "one", deep: [[[[1]]]] }), { alg: "EdDSA", kid: "a" }, keys.ed25519);
    const results = [LIMITS, { ...LIMITS, jsonDepth: 3 }, { ...LIMITS, tokenLength: 50 }].map((limits) => {
      const { cached, current } = plansOver(memory, true, limits);
      current.set("http://a", states[1]);
      return outcome(cached, bearer(deep));
    });
    expect(await Promise.all(results)).toEqual(["ok alice", "Jwt payload is an invalid JSON", "Jwt is too large"]);
  });

  test("what does not verify is not kept", async () => {
    const memory = createVerifiedTokens(WIDE);
    const { cached, current } = plansOver(memory);
    current.set("http://a", states[1]);
    for (const bad of [`${raw.slice(0, -9)}AAAAAAAAA`, "a.b.c", token(goodClaims({ aud: "one" }))]) {
      expect(await outcome(cached, bearer(bad))).not.toMatch(/^ok/);
    }
    expect(memory.size).toEqual({ entries: 0, bytes: 0 });
  });

  test("what requests share cannot be changed by one of them", async () => {
    const { cached, current } = plansOver(createVerifiedTokens(WIDE));
    current.set("http://a", states[1]);
    const nested = token(goodClaims({ aud: "one", x: { y: [1, {}] } }), { alg: "EdDSA", kid: "a" }, keys.ed25519);
    await outcome(cached, bearer(nested));
    const result = await authenticate(cached, bearer(nested), NOW, signal);
    const claims = result.ok ? result.value.token?.claims : undefined;
    expect(claims).toMatchObject({ x: { y: [1, {}] } });
    const isDeeplyFrozen = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));
    expect(isDeeplyFrozen(claims)).toBe(true);
  });
});

test("a revocation counts at once, though the signature is remembered", async () => {
  const memory = createVerifiedTokens(WIDE);
  const { cached, current } = plansOver(memory);
  current.set("http://a", states[1]);
  let list = revocations([]);
  const { kind: _, jwtRules: __, ...meta } = resource([]);
  const revocation = {
    ...meta,
    kind: "Revocation",
    path: "/l",
    uri: undefined,
    intervalSeconds: 5,
    maxAgeSeconds: 9,
  } as const;
  const plan = compileCredentials([revocation], cached, {
    ...{ strict: true, clockSkewSeconds: 0, limits: LIMITS, rootNamespace: "istio-system" },
    sources: { ...offlineSources(), feedFor: () => ({ current: () => list }) },
  });
  const request = bearer(token(goodClaims({ aud: "one", jti: "7" }), { alg: "EdDSA", kid: "a" }, keys.ed25519));
  for (const revoked of [[], [{ jti: "7" }], []]) {
    list = revocations(revoked);
    expect((await identify(plan, request, NOW, signal)).ok).toBe(revoked.length === 0);
    expect(memory.size.entries).toBe(1);
  }
});

function revocations(revoked: readonly object[]): RevocationList {
  const list = parseRevocationList(JSON.stringify({ revoked }));
  if (!list.ok) throw new Error(list.error);
  return list.value;
}
