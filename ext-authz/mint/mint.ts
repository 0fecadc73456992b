/**
 * Re-coins a verified identity into short-lived internal tokens (DESIGN §5). In: compiled InternalTokens, what
 * authentication verified, the time, unused ids. Out: JWTs signed ES256 (RFC 7518 §3.4) in their headers; a header for which
 * nothing is minted is removed, so that no client's own value passes. Synchronous; pure but for the signature's randomness.
 */
import { sign } from "node:crypto";
import { claimAt } from "../authenticate/claim-header.ts";
import { isJsonObject, member } from "../authenticate/strict-json.ts";
import type { Authentication, HeaderChanges, JsonObject, JsonValue, VerifiedToken } from "../model.ts";
import { err, ok, type Result } from "../result.ts";
import { compactSegment } from "./compact-segment.ts";
import { keepMinted, mintedBefore } from "./minted-tokens.ts";
import type { MintPlan } from "./plan.ts";

const NOTHING = ok({ remove: [], set: [], removeQueryParameters: [] });

/**
 * `now` in seconds; every `newId` becomes a `jti` and must never repeat. The same verified token gets the same internal token
 * again while that is fresh (`minted-tokens.ts`): a `jti` names a token, not a request.
 */
export function mintAll(
  plans: readonly MintPlan[],
  authentication: Authentication,
  now: number,
  newId: () => string,
): Result<HeaderChanges, "mint_failed"> {
  if (plans.length === 0) return NOTHING;
  const { token } = authentication;
  if (token === undefined) return ok({ remove: plans.map(({ header }) => header), set: [], removeQueryParameters: [] });
  const set: (readonly [name: string, value: string])[] = [];
  for (const plan of plans) {
    const value = mintedBefore(plan, token, now) ?? mintAnew(plan, token, now, newId());
    if (value === undefined) return err("mint_failed");
    set.push([plan.header, value]);
  }
  return ok({ remove: [], set, removeQueryParameters: [] });
}

function mintAnew(plan: MintPlan, token: VerifiedToken, now: number, tokenId: string): string | undefined {
  const issuedAt = Math.floor(now);
  // Never beyond the incoming token: what it proved ends with it.
  const expiresAt = Math.min(issuedAt + plan.lifetimeSeconds, token.expiresAt ?? Number.POSITIVE_INFINITY);
  const claims = claimsOf(plan, token);
  Object.assign(claims, { iss: plan.issuer, aud: plan.audience, iat: issuedAt, exp: expiresAt, jti: tokenId });
  const text = signCompact(plan, claims);
  if (text !== undefined) keepMinted(plan, token, { text, issuedAt, expiresAt });
  return text;
}

/** What of the incoming token goes on. */
function claimsOf(plan: MintPlan, token: VerifiedToken): { [name: string]: JsonValue } {
  const claims: { [name: string]: JsonValue } = Object.create(null);
  if (token.subject !== undefined) claims["sub"] = token.subject;
  const actor = member(token.claims, "act");
  if (isJsonObject(actor)) claims["act"] = actor;
  Object.assign(claims, plan.constants);
  for (const { claim, path } of plan.mapped) {
    const value = claimAt(token.claims, path);
    if (value !== undefined) claims[claim] = value;
  }
  return claims;
}

function signCompact(plan: MintPlan, claims: JsonObject): string | undefined {
  const signed = `${plan.protectedHeader}.${compactSegment(claims)}`;
  try {
    const key = { key: plan.key.privateKey, dsaEncoding: "ieee-p1363" } as const;
    return `${signed}.${sign("sha256", Buffer.from(signed, "latin1"), key).toString("base64url")}`;
  } catch {
    return undefined;
  }
}
