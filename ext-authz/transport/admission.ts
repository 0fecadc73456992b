/**
 * Which checks are taken on. In: when each came to be looked at, over which connection; checks under way. Out: admit or not. In an overload what has
 * waited too long is turned away, at a fraction of its cost, so that what is taken on is answered in time. Pure but for its own
 * numbers.
 *
 * After CoDel (RFC 8289): a long wait alone is no overload, it may follow a pause; waits that stay long are one. It is over
 * when the process finds an idle moment, since nothing waits then.
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

export function createAdmission({ maxChecks, maxWaitMs }: AdmissionLimits, queue: QueueDelay): Admission {
  let underWay = 0;
  let longSince: number | undefined;
  let overloaded = false;

  function look(waited: number, now: number): void {
    if (waited > maxWaitMs) {
      longSince ??= now;
      overloaded ||= now - longSince >= INTERVAL_MS;
    } else if (waited <= maxWaitMs / 2) {
      longSince = undefined;
      if (queue.idle()) overloaded = false;
    }
  }

  return {
    admit(connection, bytes, now) {
      const waited = queue.waited(connection, bytes, now);
      look(waited, now);
      if (underWay >= maxChecks || (overloaded && waited > maxWaitMs)) return false;
      underWay++;
      return true;
    },
    done() {
      underWay--;
    },
  };
}
