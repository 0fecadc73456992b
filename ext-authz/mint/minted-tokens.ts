/**
 * Internal tokens that may be given out again: for the same plan (so: the same snapshot and key) and the same remembered token,
 * while most of their life is left. In: plan, verified token, time. Out: the text that was signed before. Signing costs more
 * than all the rest of a check. A life: bounded in bytes for all plans together; of the tokens that they were minted for, the
 * one that came first goes first.
 */
import type { JsonObject, VerifiedToken } from "../model.ts";
import type { MintPlan } from "./plan.ts";

/** Of its life that a token must have left to be given out again; `grant/lifetime.ts` counts on it. */
export const FRESH = 0.8;

/** About eight thousand tokens of usual size. */
const MAX_BYTES = 8 * 1024 * 1024;
/** What one holds besides its text. */
const ENTRY_BYTES = 400;
/** For one incoming token: as many workloads that it may be used at in turn. */
const MAX_FOR_ONE = 32;

interface Minted {
  readonly plan: MintPlan;
  readonly text: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly of: VerifiedToken;
}

/** By the claims' own object: what is remembered has the same with every request, what is not has never been here. */
const byClaims = new Map<JsonObject, readonly Minted[]>();
let held = 0;

export function mintedBefore(plan: MintPlan, token: VerifiedToken, now: number): string | undefined {
  for (const minted of byClaims.get(token.claims) ?? []) {
    if (minted.plan !== plan || !isSame(minted.of, token)) continue;
    const { issuedAt, expiresAt, text } = minted;
    // A clock that was set back makes it a token from the future.
    const isFresh = now >= issuedAt && expiresAt - now >= FRESH * (expiresAt - issuedAt);
    return isFresh ? text : undefined;
  }
  return undefined;
}

export function keepMinted(
  plan: MintPlan,
  token: VerifiedToken,
  { text, issuedAt, expiresAt }: Omit<Minted, "of" | "plan">,
): void {
  const others = (byClaims.get(token.claims) ?? []).filter((minted) => minted.plan !== plan).slice(1 - MAX_FOR_ONE);
  forget(token.claims);
  // The incoming token's text is secret and not needed.
  const minted = { plan, text, issuedAt, expiresAt, of: { ...token, raw: "" } };
  const kept = [...others, minted];
  byClaims.set(token.claims, kept);
  held += sizeOf(kept);
  for (const oldest of byClaims.keys()) {
    if (held <= MAX_BYTES) break;
    forget(oldest);
  }
}

function forget(claims: JsonObject): void {
  held -= sizeOf(byClaims.get(claims) ?? []);
  byClaims.delete(claims);
}

function sizeOf(all: readonly Minted[]): number {
  let bytes = 0;
  for (const { text } of all) bytes += ENTRY_BYTES + text.length;
  return bytes;
}

function isSame(a: VerifiedToken, b: VerifiedToken): boolean {
  return a.issuer === b.issuer && a.subject === b.subject && a.expiresAt === b.expiresAt;
}
