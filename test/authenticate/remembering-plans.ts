/** Plans with and without a memory of verified tokens, for its tests: what one says, the other must say. */
import { type KeySet, parseKeySet } from "../../ext-authz/authenticate/key-set.ts";
import { compileAuthentication } from "../../ext-authz/authenticate/plan.ts";
import type { CacheBounds, VerifiedTokens } from "../../ext-authz/authenticate/verified-tokens.ts";
import type { Limits } from "../../ext-authz/config/settings.ts";
import { jwkOf, jwksOf, keys, LIMITS, resource, rule } from "./forge.ts";

export const WIDE: CacheBounds = { entries: 100, bytes: 1 << 20 };
const never: VerifiedTokens = {
  find: () => undefined,
  isSignedBy: () => false,
  keep: (_, token) => token,
  size: { entries: 0, bytes: 0 },
};

export function keySet(...jwks: readonly object[]): KeySet {
  const parsed = parseKeySet(jwksOf(...jwks), 8, { strict: true, allowSecrets: false });
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

export const a = jwkOf(keys.ed25519, { kid: "a" });
const b = jwkOf(keys.p256, { kid: "b" });
/** The third is the second again, as another answer: the same text, another object. */
export const states = [undefined, keySet(a), keySet(a), keySet(b), keySet(a, b), keySet()] as const;

const rules = [
  rule({ issuer: "", audiences: ["one"], jwksUri: "http://a" }),
  rule({ audiences: ["two", "three"], jwksUri: "http://b" }),
];

/** Plans with and without memory over the same sources, whose keys are set from outside. */
export function plansOver(verified: VerifiedTokens, strict = true, limits: Limits = LIMITS) {
  const current = new Map<string, KeySet | undefined>();
  const keys = {
    sourceFor: ({ jwksUri = "" }) => ({ current: () => current.get(jwksUri), renew: () => undefined }),
  };
  const compile = (memory: VerifiedTokens) =>
    compileAuthentication([resource(rules)], { strict, clockSkewSeconds: 0, limits, keys, verified: memory });
  return { cached: compile(verified), uncached: compile(never), current };
}
