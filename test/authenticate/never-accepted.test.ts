/** Whatever bytes come as a token: never accepted, never an exception. And what we accept, jose accepts too. */
import fc from "fast-check";
import { compactVerify, importJWK } from "jose";
import { expect, test } from "vitest";
import { authenticate } from "../../ext-authz/authenticate/authenticate.ts";
import { bearer, encode, goodClaims, jwkOf, jwksOf, keys, NOW, planOf, request, rule, token } from "./forge.ts";

const signers = {
  RS256: keys.rsa,
  PS512: keys.rsa,
  ES256: keys.p256,
  ES384: keys.p384,
  ES512: keys.p521,
  EdDSA: keys.ed25519,
};
const jwks = jwksOf(...Object.values(signers).map((key) => jwkOf(key)));
const plan = planOf([rule({ jwks })]);
const valid = Object.entries(signers).map(([alg, key]) => token(goodClaims(), { alg, kid: "" }, key));
const signal = new AbortController().signal;

function isAccepted(raw: string): boolean {
  const result = authenticate(plan, bearer(raw), NOW, signal);
  if (result instanceof Promise) throw new Error("inline keys never wait");
  return result.ok && result.value.token !== undefined;
}

test("they are valid to begin with, and jose agrees", async () => {
  expect(valid.map(isAccepted)).toEqual(valid.map(() => true));
  const entries = Object.entries(signers);
  for (const [at, [alg, key]] of entries.entries()) {
    await expect(compactVerify(valid[at] ?? "", await importJWK(jwkOf(key), alg))).resolves.toBeDefined();
  }
});

test("one character changed, removed or added anywhere", () => {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \t\u0000é";
  const change = fc.record({
    raw: fc.constantFrom(...valid),
    at: fc.nat(),
    put: fc.constantFrom("", ...alphabet),
    drop: fc.constantFrom(0, 1),
  });
  fc.assert(
    fc.property(change, ({ raw, at, put, drop }) => {
      const position = at % raw.length;
      const changed = raw.slice(0, position) + put + raw.slice(position + drop);
      // What stands before the token is skipped by design, so a character there changes nothing.
      fc.pre(changed !== raw && !(position === 0 && drop === 0 && !/[A-Za-z0-9\-_.]/.test(put)));
      expect(isAccepted(changed)).toBe(false);
    }),
    { numRuns: 3000 },
  );
});

test("any text, any bytes, any three segments", () => {
  const segment = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map(encode),
    fc.json().map(encode),
    fc.constantFrom(...valid.flatMap((raw) => raw.split("."))),
    fc.string({ unit: "binary", maxLength: 20 }),
  );
  const raw = fc.oneof(
    fc.string({ unit: "binary", maxLength: 400 }),
    fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => parts.join(".")),
  );
  fc.assert(
    fc.property(raw, (text) => {
      fc.pre(!valid.includes(text));
      expect(isAccepted(text)).toBe(false);
    }),
    { numRuns: 3000 },
  );
});

test("any request at all: no exception from the places where tokens are looked for", () => {
  const everywhere = planOf([
    rule(),
    rule({ fromHeaders: [{ name: "x-t", prefix: "T" }], fromParams: ["a", "%"], fromCookies: ["a", ""] }),
  ]);
  const text = fc.string({ unit: "binary", maxLength: 60 });
  fc.assert(
    fc.property(fc.array(text), fc.array(text), fc.array(text), text, (auth, custom, cookie, query) => {
      const model = request({ authorization: auth, "x-t": custom, cookie }, { query });
      const result = authenticate(everywhere, model, NOW, signal);
      expect(result instanceof Promise || !result.ok || result.value.token === undefined).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
