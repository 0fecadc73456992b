/**
 * Which checks are taken on. In: when each came to be looked at, over which connection; checks under way. Out: admit or not. In an overload what has
 * waited too long is turned away, at a fraction of its cost, so that what is taken on is answered in time. Pure but for its own
 * numbers.
 *
 * After CoDel (RFC 8289): a long wait alone is no overload, it may follow a pause; waits that stay long are one. It is over
 * when the process finds an idle moment, since nothing waits then, or none was long for a while.
 */

import type { QueueDelay } from "./queue-delay.ts";

export interface Admission {
  /**
   * False = answer `overloaded`. After true, `done` must follow.
   * @param connection that it came over
   * @param bytes of it
   * @param now milliseconds, monotonic
   */
  admit(connection: object, bytes: number, now: number): boolean;
  done(): void;
}

export interface AdmissionLimits {
  /** Checks under way at once. */
  readonly maxChecks: number;
  /** Milliseconds that a check may have waited while there is an overload. */
  readonly maxWaitMs: number;
}

/** Milliseconds that waits must stay too long: a pause for garbage or a reload is over sooner. */
export const INTERVAL_MS = 200;

/** Waits that are too long, in that time: with fewer it is not the checks that keep the process busy. */
export const PRESSED = 20;
/** Milliseconds without one, on a machine that leaves no idle moment. */
export const CALM_MS = 1000;

/**
 * Milliseconds after an overload in which the first long wait is the next one: what was refused quickly leaves idle moments
 * while its clients still have more.
 */
export const WATCHFUL_MS = 2000;

export function createAdmission({ maxChecks, maxWaitMs }: AdmissionLimits, queue: QueueDelay): Admission {
  let underWay = 0;
  /** Since when waits are too long, how many of them; since when none is. */
  let longSince: number | undefined;
  let longWaits = 0;
  let calmSince: number | undefined;
  let overloaded = false;
  let watchfulUntil = Number.NEGATIVE_INFINITY;

  function long(now: number): void {
    calmSince = undefined;
    longSince ??= now;
    longWaits++;
    const lasting = longWaits >= PRESSED && now - longSince >= INTERVAL_MS;
    if (lasting || now < watchfulUntil) overloaded = true;
  }

  function bearable(waited: number, now: number): void {
    calmSince ??= now;
    const short = waited <= maxWaitMs / 2;
    if (short) {
      longSince = undefined;
      longWaits = 0;
    }
    if (overloaded && ((short && queue.idle()) || now - calmSince >= CALM_MS)) {
      overloaded = false;
      watchfulUntil = now + WATCHFUL_MS;
    }
  }

  return {
    admit(connection, bytes, now) {
      const waited = queue.waited(connection, bytes, now);
      if (waited > maxWaitMs) long(now);
      else bearable(waited, now);
      if (underWay >= maxChecks || (overloaded && waited > maxWaitMs)) return false;
      underWay++;
      return true;
    },
    done() {
      underWay--;
    },
  };
}
