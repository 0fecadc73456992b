/**
 * The authentication stage: who sent this request, by Istio's requirement tree (istio-semantics §3.2). In: a plan, a
 * request, the time. Out: what was verified and what changes in the request, or one refusal. Synchronous unless keys must be
 * fetched first; a request without a token never waits. Effects: only through the plan's key sources.
 */
import { type Deadline, signalOf } from "../deadline.ts";
import type { Authentication, Repeatable, RequestModel } from "../model.ts";
import { headerValues } from "../request/inline-headers.ts";
import { err, ok, type Result } from "../result.ts";
import { type Location, tokensAt } from "./locations.ts";
import type { AuthenticationPlan, CompiledRule } from "./plan.ts";
import { CONFLICT, FETCH_FAILED, ISSUER, TOO_MANY, type TokenRefusal } from "./refusals.ts";
import { changesOnSuccess, changesWithoutToken } from "./side-effects.ts";
import { splitClaims } from "./space-delimited.ts";
import {
  type Attempt,
  isPending,
  newAttempt,
  type Pending,
  type ReadToken,
  type TokenResult,
  verifyToken,
} from "./verify-token.ts";

type Outcome = Result<Authentication, TokenRefusal>;

/** `now` in seconds. After `deadline` a request that waits for keys is refused. */
export function authenticate(
  plan: AuthenticationPlan,
  request: RequestModel,
  now: number,
  deadline: Deadline,
): Outcome | Promise<Outcome> {
  if (plan.rules.length === 0 || request.protocol === "tcp") return withoutToken([]);
  if (isPreflight(request)) return withoutToken(plan.ownedHeaders);
  const found = findTokens(plan, request);
  const distinct = countDistinct(found);
  if (distinct === 0) return withoutToken(plan.ownedHeaders);
  if (distinct > plan.limits.tokens) return err(TOO_MANY);
  const attempt = newAttempt(plan, now);
  const outcome = decide(attempt, request, found);
  return isPending(outcome) ? resume(attempt, request, found, outcome, signalOf(deadline)) : outcome;
}

/** Tokens by the place where they stand, each place with at least one. A few at most: a list is faster than a map. */
type Found = readonly FoundAt[];

interface FoundAt {
  readonly location: Location;
  readonly tokens: readonly string[];
}

function tokensFoundAt(found: Found, wanted: Location): readonly string[] {
  for (const { location, tokens } of found) if (location === wanted) return tokens;
  return NO_TOKENS;
}

const NO_TOKENS: readonly string[] = [];

const NOTHING_FOUND: Found = [];

function countDistinct(found: Found): number {
  let first: string | undefined;
  let all: Set<string> | undefined;
  for (const { tokens } of found) {
    for (const token of tokens) {
      if (first === undefined) first = token;
      else if (token !== first) {
        all ??= new Set([first]);
        all.add(token);
      }
    }
  }
  return all?.size ?? (first === undefined ? 0 : 1);
}

function withoutToken(owned: readonly string[]): Outcome {
  const changes = changesWithoutToken(owned);
  return ok({ token: undefined, payload: undefined, changes, repeatable: { until: Number.POSITIVE_INFINITY } });
}

/** Envoy filter.cc isCorsPreflightRequest; Istio always sets bypass_cors_preflight. */
function isPreflight(request: RequestModel): boolean {
  if (request.method !== "OPTIONS") return false;
  const isFilled = (name: string) => (headerValues(request.headers, name)[0] ?? "") !== "";
  return isFilled("origin") && isFilled("access-control-request-method");
}

function findTokens(plan: AuthenticationPlan, request: RequestModel): Found {
  let found: FoundAt[] | undefined;
  for (const location of plan.locations) {
    const tokens = tokensAt(location, request);
    if (tokens.length === 0) continue;
    // As a rule at one: a list that begins empty would make room for many.
    if (found === undefined) found = [{ location, tokens }];
    else found.push({ location, tokens });
  }
  return found ?? NOTHING_FOUND;
}

/** Decides anew after each fetch: what is already verified is remembered, so nothing is computed twice. */
async function resume(
  attempt: Attempt,
  request: RequestModel,
  found: Found,
  pending: Pending,
  signal: AbortSignal,
): Promise<Outcome> {
  let outcome: Outcome | Pending = pending;
  while (isPending(outcome)) {
    if (!(await endsBeforeAbort(outcome.renewal, signal))) return err(FETCH_FAILED);
    outcome = decide(attempt, request, found);
  }
  return outcome;
}

async function endsBeforeAbort(work: Promise<void>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  let onAbort = () => {};
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener("abort", onAbort, { once: true });
  });
  await Promise.race([work, aborted]);
  signal.removeEventListener("abort", onAbort);
  return !signal.aborted;
}

function decide(attempt: Attempt, request: RequestModel, found: Found): Outcome | Pending {
  let refusals: TokenRefusal[] | undefined;
  for (const rule of attempt.plan.rules) {
    const result = runRule(attempt, rule, found);
    if (result === undefined) continue;
    if (isPending(result)) return result;
    if (result.ok) return accept(attempt, request, found, rule, result.value);
    refusals ??= [];
    refusals.push(result.error);
  }
  return refusals === undefined ? withoutToken(attempt.plan.ownedHeaders) : err(reported(refusals));
}

/** Undefined: no token at this rule's places. All that are there must verify; they are tried from last to first (§3.4). */
function runRule(attempt: Attempt, rule: CompiledRule, found: Found): TokenResult | Pending | undefined {
  let result: TokenResult | Pending | undefined;
  for (let place = rule.locations.length - 1; place >= 0; place--) {
    const location = rule.locations[place];
    const tokens = location === undefined ? NO_TOKENS : tokensFoundAt(found, location);
    for (let at = tokens.length - 1; at >= 0; at--) {
      result = verifyToken(attempt, rule, tokens[at] ?? "");
      if (isPending(result) || !result.ok) return result;
    }
  }
  return result;
}

/**
 * The tree is ANY{P0, P1, …, ALL{ANY{P0, missing}, …}}. ANY prefers its last error that is no unknown issuer, and ALL comes
 * last and stops at the first rule that saw a token: so that rule's error is reported, unless it is an unknown issuer.
 */
function reported(refusals: readonly TokenRefusal[]): TokenRefusal {
  const first = refusals[0];
  if (first !== undefined && first !== ISSUER) return first;
  return refusals.findLast((refusal) => refusal !== ISSUER) ?? ISSUER;
}

function accept(
  attempt: Attempt,
  request: RequestModel,
  found: Found,
  rule: CompiledRule,
  token: ReadToken,
): Outcome | Pending {
  const { plan } = attempt;
  const { raw, content } = token;
  const { issuer, subject, claims } = content;
  const conflict = plan.strict ? findConflict(attempt, rule, found) : undefined;
  if (conflict !== undefined) return conflict;
  const places = placesOf(rule, found);
  const expiresAt = content.expiresAt === 0 ? undefined : content.expiresAt;
  return ok({
    token: { raw, issuer, subject, expiresAt, claims },
    payload: splitClaims(claims, rule.spaceDelimited),
    changes: changesOnSuccess(rule, token, places, request, plan.ownedHeaders),
    repeatable: repeatable(expiresAt, found),
  });
}

/** The rule's own, in its order. */
function placesOf(rule: CompiledRule, found: Found): readonly Location[] {
  return rule.locations.filter((location) => tokensFoundAt(found, location).length > 0);
}

/** Of several tokens each has its own times, and those that were refused count as well: another may win a moment later. */
function repeatable(until: number = Number.POSITIVE_INFINITY, found: Found): Repeatable {
  return countDistinct(found) === 1 ? { until } : { until, never: "several_tokens" };
}

/**
 * Strict: a token that no rule accepts at the place where it stands refuses the request, though another one verified.
 * Otherwise it would travel on beside the good one, and the service might take it for the one that was checked.
 */
function findConflict(attempt: Attempt, winner: CompiledRule, found: Found): Outcome | Pending | undefined {
  for (const { location, tokens } of found) {
    if (winner.locations.includes(location)) continue;
    const rules = attempt.plan.rules.filter((rule) => rule.locations.includes(location));
    for (const raw of tokens) {
      const accepted = isAcceptedByOne(attempt, rules, raw);
      if (accepted !== true) return accepted === false ? err(CONFLICT) : accepted;
    }
  }
  return undefined;
}

function isAcceptedByOne(attempt: Attempt, rules: readonly CompiledRule[], raw: string): boolean | Pending {
  for (const rule of rules) {
    const result = verifyToken(attempt, rule, raw);
    if (isPending(result)) return result;
    if (result.ok) return true;
  }
  return false;
}
