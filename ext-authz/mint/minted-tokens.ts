/**
 * Internal tokens that may be given out again: for the same plan (so: the same snapshot and key) and the same remembered token,
 * while most of their life is left. In: plan, verified token, time. Out: the text that was signed before. Signing costs more
 * than all the rest of a check. A life: bounded for each plan, the oldest goes first; a plan that goes takes its own along.
 */
import type { JsonObject, VerifiedToken } from "../model.ts";
import type { MintPlan } from "./plan.ts";

/** Of its life that a token must have left to be given out again; `grant/lifetime.ts` counts on it. */
export const FRESH = 0.8;
const MAX_TOKENS = 4096;

interface Minted {
  readonly text: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly of: VerifiedToken;
}

/** By the claims' own object: what is remembered has the same with every request, what is not has never been here. */
const byPlan = new WeakMap<MintPlan, Map<JsonObject, Minted>>();

export function mintedBefore(plan: MintPlan, token: VerifiedToken, now: number): string | undefined {
  const minted = byPlan.get(plan)?.get(token.claims);
  if (minted === undefined || !isSame(minted.of, token)) return undefined;
  const { issuedAt, expiresAt, text } = minted;
  // A clock that was set back makes it a token from the future.
  const isFresh = now >= issuedAt && expiresAt - now >= FRESH * (expiresAt - issuedAt);
  return isFresh ? text : undefined;
}

export function keepMinted(plan: MintPlan, token: VerifiedToken, minted: Omit<Minted, "of">): void {
  let kept = byPlan.get(plan);
  if (kept === undefined) {
    kept = new Map();
    byPlan.set(plan, kept);
  }
  kept.delete(token.claims);
  const oldest = kept.size >= MAX_TOKENS ? kept.keys().next().value : undefined;
  if (oldest !== undefined) kept.delete(oldest);
  // The incoming token's text is secret and not needed.
  kept.set(token.claims, { ...minted, of: { ...token, raw: "" } });
}

function isSame(a: VerifiedToken, b: VerifiedToken): boolean {
  return a.issuer === b.issuer && a.subject === b.subject && a.expiresAt === b.expiresAt;
}
