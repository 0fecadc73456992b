/**
 * Whether a token is meant for this rule, this time and this audience (RFC 7519 §4.1, in the order of Envoy's
 * authenticator: issuer, nbf, exp, aud). In: an unverified token. Out: the refusal, or undefined. Pure.
 */
import {
  AUDIENCE,
  BRINGS_KEY,
  EXPIRED,
  ISSUER,
  NO_AUDIENCES_LISTED,
  NO_EXPIRY,
  NOT_YET_VALID,
  type TokenRefusal,
} from "./refusals.ts";
import type { TokenContent } from "./token.ts";

export interface ClaimRules {
  /** Exact; "" = any issuer. */
  readonly issuer: string;
  /** Normalized; empty = none listed. */
  readonly audiences: ReadonlySet<string>;
  readonly strict: boolean;
  readonly clockSkewSeconds: number;
}

export function checkClaims(token: TokenContent, rules: ClaimRules, now: number): TokenRefusal | undefined {
  if (rules.issuer !== "" && token.issuer !== rules.issuer) return ISSUER;
  // Whoever stands behind us may be less careful with a key that the token itself brings.
  if (rules.strict && token.bringsKey) return BRINGS_KEY;
  return checkTime(token, rules, Math.floor(now)) ?? checkAudience(token, rules);
}

function checkTime(token: TokenContent, rules: ClaimRules, now: number): TokenRefusal | undefined {
  if (now + rules.clockSkewSeconds < token.notBefore) return NOT_YET_VALID;
  if (token.expiresAt === 0) return rules.strict ? NO_EXPIRY : undefined;
  return now > token.expiresAt + rules.clockSkewSeconds ? EXPIRED : undefined;
}

function checkAudience(token: TokenContent, rules: ClaimRules): TokenRefusal | undefined {
  if (rules.audiences.size === 0) return rules.strict ? NO_AUDIENCES_LISTED : undefined;
  return token.audiences.some((audience) => rules.audiences.has(normalizeAudience(audience))) ? undefined : AUDIENCE;
}

/** google/jwt_verify_lib check_audience.cc: one leading scheme and one trailing slash do not count. */
export function normalizeAudience(audience: string): string {
  let start = 0;
  if (audience.startsWith("http://")) start = 7;
  else if (audience.startsWith("https://")) start = 8;
  const end = audience.length > start && audience.endsWith("/") ? audience.length - 1 : audience.length;
  return audience.slice(start, end);
}
