/**
 * One token against one rule: parse, claims, signature; each done once per request however many rules look, and the parse and
 * the signature not at all for a token that verified before. In: the attempt's memory, a rule, the token's text. Out: what the
 * verified token says, its refusal, or a fetch of keys to wait for. Effects: only on the plan's verified tokens.
 */
import { err, ok, type Result } from "../result.ts";
import { checkClaims } from "./check-claims.ts";
import type { KeySource } from "./key-source.ts";
import type { AuthenticationPlan, CompiledRule } from "./plan.ts";
import { FETCH_FAILED, SIGNATURE, TOO_LARGE, type TokenRefusal } from "./refusals.ts";
import { parseToken, type Token, type TokenContent } from "./token.ts";
import { type KeptToken, type TokenName, tokenName } from "./verified-tokens.ts";
import { verifySignature } from "./verify-signature.ts";

/** Nothing can be said before this fetch has ended. */
export interface Pending {
  readonly renewal: Promise<void>;
}

export type TokenResult = Result<ReadToken, TokenRefusal>;

/** A text and what it says. */
export interface ReadToken {
  readonly raw: string;
  readonly content: TokenContent;
}

/** By a look at one member, which every other result has not. */
export function isPending(result: object): result is Pending {
  return "renewal" in result;
}

/** A text that was read. */
interface Reading extends ReadToken {
  readonly name: TokenName;
  content: TokenContent;
  /** Undefined: it has not verified before. */
  readonly kept: KeptToken | undefined;
  /** With its signature, which a kept token lacks: undefined until it is needed. */
  token: Token | undefined;
}

interface Read {
  readonly raw: string;
  readonly result: Result<Reading, TokenRefusal>;
}

interface Look {
  readonly keys: KeySource;
  readonly reading: Reading;
  readonly result: TokenResult;
}

/** What is already known about the tokens of one request. */
export interface Attempt {
  readonly plan: AuthenticationPlan;
  readonly now: number;
  readings: readonly Read[];
  /** What came of the first look with keys; most requests have no second. */
  first: Look | undefined;
  /** By the source of the keys, not by the rule: rules that share a source share the work. */
  others: Map<KeySource, Map<Reading, TokenResult>> | undefined;
  /** A request waits at most once for each source: an issuer that cannot help does not hold it forever. */
  waited: Set<KeySource> | undefined;
}

export function newAttempt(plan: AuthenticationPlan, now: number): Attempt {
  return { plan, now, readings: NONE, first: undefined, others: undefined, waited: undefined };
}

const NONE: readonly Read[] = [];

/** Cheap checks first: a token of another issuer costs a comparison, even with thousands of rules. */
export function verifyToken(attempt: Attempt, rule: CompiledRule, raw: string): TokenResult | Pending {
  const reading = readOnce(attempt, raw);
  if (!reading.ok) return reading;
  const claims = checkClaims(reading.value.content, rule.claims, attempt.now);
  if (claims !== undefined) return err(claims);
  const known = lookedBefore(attempt, rule.keys, reading.value);
  if (known !== undefined) return known;
  const result = verifyWithKeys(attempt, rule.keys, reading.value);
  if (!isPending(result)) keepLook(attempt, { keys: rule.keys, reading: reading.value, result });
  return result;
}

function lookedBefore({ first, others }: Attempt, keys: KeySource, reading: Reading): TokenResult | undefined {
  if (first?.keys === keys && first.reading === reading) return first.result;
  return others?.get(keys)?.get(reading);
}

function keepLook(attempt: Attempt, look: Look): void {
  if (attempt.first === undefined) {
    attempt.first = look;
    return;
  }
  attempt.others ??= new Map();
  const results = attempt.others.get(look.keys) ?? new Map<Reading, TokenResult>();
  attempt.others.set(look.keys, results.set(look.reading, look.result));
}

/** A few texts at most: to look through them costs less than to find one by its hash. */
function readOnce(attempt: Attempt, raw: string): Read["result"] {
  const { plan, readings } = attempt;
  for (const known of readings) if (known.raw === raw) return known.result;
  const result = read(plan, raw);
  // Most requests have one: a list that can grow would have room for many.
  attempt.readings = readings.length === 0 ? [{ raw, result }] : [...readings, { raw, result }];
  return result;
}

function read({ limits, verified }: AuthenticationPlan, raw: string): Result<Reading, TokenRefusal> {
  if (raw.length > limits.tokenLength) return err(TOO_LARGE);
  const name = tokenName(raw);
  const kept = verified.find(name, limits.jsonDepth);
  if (kept !== undefined) return ok({ raw, name, content: kept, kept, token: undefined });
  const parsed = parseToken(raw, limits);
  return parsed.ok ? ok({ raw, name, content: parsed.value, kept, token: parsed.value }) : parsed;
}

function verifyWithKeys(attempt: Attempt, source: KeySource, reading: Reading): TokenResult | Pending {
  const { content } = reading;
  const refusal = checkSignature(attempt.plan, source, reading);
  if (refusal === undefined) return ok(reading);
  // A key of that name was there and did not sign: newer keys would not make the token any better.
  const isFinal = refusal === SIGNATURE && content.kid !== "";
  if (isFinal || attempt.waited?.has(source) === true) return err(refusal);
  const renewal = source.renew(content.kid);
  if (renewal === undefined) return err(refusal);
  attempt.waited ??= new Set();
  attempt.waited.add(source);
  return { renewal };
}

/** By the keys that count now: a key that is gone takes what it verified with it. Only what verifies is remembered. */
function checkSignature(plan: AuthenticationPlan, source: KeySource, reading: Reading): TokenRefusal | undefined {
  const keySet = source.current();
  if (keySet === undefined) return FETCH_FAILED;
  const { name, kept } = reading;
  if (kept !== undefined && plan.verified.isSignedBy(kept, keySet)) return undefined;
  if (reading.token === undefined) {
    const parsed = parseToken(reading.raw, plan.limits);
    if (!parsed.ok) return parsed.error;
    reading.token = parsed.value;
  }
  const refusal = verifySignature(reading.token, keySet);
  // From now on by what is kept: what is made of its claims is kept with them.
  if (refusal === undefined) reading.content = plan.verified.keep(name, reading.token, plan.limits.jsonDepth, keySet);
  return refusal;
}
