/**
 * One token against one rule: parse, claims, signature; each done once per request however many rules look. In: the
 * attempt's memory, a rule, the token's text. Out: the verified token, its refusal, or a fetch of keys to wait for.
 */
import { err, ok, type Result } from "../result.ts";
import { checkClaims } from "./check-claims.ts";
import type { KeySource } from "./key-source.ts";
import type { AuthenticationPlan, CompiledRule } from "./plan.ts";
import { FETCH_FAILED, SIGNATURE, type TokenRefusal } from "./refusals.ts";
import { parseToken, type Token } from "./token.ts";
import { verifySignature } from "./verify-signature.ts";

/** Nothing can be said before this fetch has ended. */
export interface Pending {
  readonly renewal: Promise<void>;
}

export type TokenResult = Result<Token, TokenRefusal>;

/** What is already known about the tokens of one request. */
export interface Attempt {
  readonly plan: AuthenticationPlan;
  readonly now: number;
  readonly parsed: Map<string, TokenResult>;
  /** By the source of the keys, not by the rule: rules that share a source share the work. */
  readonly verified: Map<KeySource, Map<string, TokenResult>>;
  /** A request waits at most once for each source: an issuer that cannot help does not hold it forever. */
  readonly waited: Set<KeySource>;
}

export function newAttempt(plan: AuthenticationPlan, now: number): Attempt {
  return { plan, now, parsed: new Map(), verified: new Map(), waited: new Set() };
}

/** Cheap checks first: a token of another issuer costs a comparison, even with thousands of rules. */
export function verifyToken(attempt: Attempt, rule: CompiledRule, raw: string): TokenResult | Pending {
  const parsed = parseOnce(attempt, raw);
  if (!parsed.ok) return parsed;
  const claims = checkClaims(parsed.value, rule.claims, attempt.now);
  if (claims !== undefined) return err(claims);
  const results = attempt.verified.get(rule.keys) ?? new Map<string, TokenResult>();
  const known = results.get(raw);
  if (known !== undefined) return known;
  const result = verifyWithKeys(attempt, rule.keys, parsed.value);
  if (!("renewal" in result)) attempt.verified.set(rule.keys, results.set(raw, result));
  return result;
}

function parseOnce(attempt: Attempt, raw: string): TokenResult {
  const known = attempt.parsed.get(raw);
  if (known !== undefined) return known;
  const parsed = parseToken(raw, attempt.plan.limits);
  attempt.parsed.set(raw, parsed);
  return parsed;
}

function verifyWithKeys(attempt: Attempt, source: KeySource, token: Token): TokenResult | Pending {
  const keySet = source.current();
  const refusal = keySet === undefined ? FETCH_FAILED : verifySignature(token, keySet);
  if (refusal === undefined) return ok(token);
  // A key of that name was there and did not sign: newer keys would not make the token any better.
  const isFinal = refusal === SIGNATURE && token.kid !== "";
  if (isFinal || attempt.waited.has(source)) return err(refusal);
  const renewal = source.renew(token.kid);
  if (renewal === undefined) return err(refusal);
  attempt.waited.add(source);
  return { renewal };
}
