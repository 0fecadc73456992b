/**
 * When keys are asked for again, and how long they serve. In: what the issuer wishes (`max-age`), what went wrong, the
 * operator's bounds. Out: seconds. Pure.
 */

export interface RefreshBounds {
  readonly refreshSeconds: number;
  readonly minRefreshSeconds: number;
  readonly staleSeconds: number;
}

export interface RefreshState {
  /** Attempts that failed in a row. */
  readonly failures: number;
  /** What the last good answer says of its freshness; undefined = nothing. */
  readonly wish: number | undefined;
  /** Seconds until an answer that replaces all keys has stood long enough; undefined = there is none. */
  readonly standsIn: number | undefined;
  /** 0 ≤ x < 1. */
  readonly random: number;
}

const MAX_BACKOFF_SECONDS = 60;
/** node's timers fire at once beyond 2³¹ ms. */
const MAX_WAIT_SECONDS = 2_000_000;

/** Seconds that an answer is fresh: as it says, but never so short that it makes us a load, nor longer than we were told. */
export function freshFor(wish: number | undefined, { minRefreshSeconds, refreshSeconds }: RefreshBounds): number {
  return Math.min(Math.max(wish ?? refreshSeconds, minRefreshSeconds), refreshSeconds);
}

/** Seconds from a good answer until its keys are too old. */
export function servesFor(wish: number | undefined, bounds: RefreshBounds): number {
  return freshFor(wish, bounds) + bounds.staleSeconds;
}

export function nextRefresh({ failures, wish, standsIn, random }: RefreshState, bounds: RefreshBounds): number {
  const fresh = freshFor(wish, bounds);
  // Ahead of time by up to a fifth: many processes do not ask in step.
  const ahead = 1 - random / 5;
  if (failures > 0) return Math.min(2 ** failures, MAX_BACKOFF_SECONDS, fresh) * ahead;
  const next = Math.min(fresh * ahead, MAX_WAIT_SECONDS);
  return standsIn === undefined ? next : Math.min(next, Math.max(1, standsIn));
}
