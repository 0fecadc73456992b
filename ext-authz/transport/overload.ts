/**
 * Whether there is an overload, and who is turned away in it. In: how long each check has waited. Out: admit or not. What has
 * waited too long costs less to refuse than to decide, so that what is taken on is answered in time. Pure but for its own
 * numbers.
 *
 * After CoDel (RFC 8289): long waits alone are no overload, they may follow a pause; waits that stay long are one. It is over
 * when nothing waits.
 */

export interface Overload {
  /**
   * @param waited milliseconds
   * @param now milliseconds, monotonic
   */
  admits(waited: number, now: number): boolean;
  /** Nothing waits. */
  empty(now: number): void;
}

/** Milliseconds that waits must stay too long: a pause for garbage or a reload is over sooner. */
export const INTERVAL_MS = 200;
/** Waits that are too long, in that time: with fewer it is not the checks that keep the process busy. */
export const PRESSED = 20;
/**
 * Milliseconds after an overload in which the first long wait is the next one: what was refused quickly leaves moments in which
 * nothing waits while clients still have more.
 */
export const WATCHFUL_MS = 2000;

/** @param maxWaitMs that a check may have waited in an overload */
export function watchOverload(maxWaitMs: number): Overload {
  let longSince: number | undefined;
  let longWaits = 0;
  let overloaded = false;
  let watchfulUntil = Number.NEGATIVE_INFINITY;

  function calm(): void {
    longSince = undefined;
    longWaits = 0;
  }

  return {
    admits(waited, now) {
      if (waited <= maxWaitMs) {
        if (waited <= maxWaitMs / 2) calm();
        return true;
      }
      longSince ??= now;
      longWaits++;
      const lasting = longWaits >= PRESSED && now - longSince >= INTERVAL_MS;
      if (lasting || now < watchfulUntil) overloaded = true;
      return !overloaded;
    },
    empty(now) {
      if (longWaits > 0) calm();
      if (!overloaded) return;
      overloaded = false;
      watchfulUntil = now + WATCHFUL_MS;
    },
  };
}
