/**
 * Which checks are taken on. In: how late the event loop ran, checks under way. Out: admit or not. Work that waits in
 * sockets is seen by nobody here but by the loop's lag, so both count: a bound on the checks under way, and a share that is
 * turned away while the loop lags. Pure but for its own numbers.
 */

export interface Admission {
  /** False = answer `overloaded`. After true, `done` must follow. */
  admit(): boolean;
  done(): void;
  /** @param lagMs how much later than asked for a timer ran, milliseconds */
  lagged(lagMs: number): void;
}

export interface AdmissionLimits {
  /** Checks under way at once. */
  readonly maxChecks: number;
  /** Lag, in milliseconds, above which a growing share is turned away. */
  readonly maxLagMs: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

// More is turned away quickly, less slowly: a share that swings makes clients retry in waves.
const MORE = 0.2;
const LESS = 0.02;
/** Beyond this many times the bound nothing is taken on: what waits is late already. */
const HOPELESS = 4;

export function createAdmission({ maxChecks, maxLagMs, random }: AdmissionLimits): Admission {
  let underWay = 0;
  let refusedShare = 0;
  return {
    admit() {
      if (underWay >= maxChecks || (refusedShare > 0 && random() < refusedShare)) return false;
      underWay++;
      return true;
    },
    done() {
      underWay--;
    },
    lagged(lagMs) {
      if (lagMs > HOPELESS * maxLagMs) refusedShare = 1;
      else if (lagMs > maxLagMs) refusedShare = Math.min(1, refusedShare + MORE);
      else refusedShare = Math.max(0, refusedShare - LESS);
    },
  };
}
