/**
 * Which checks are taken on. In: how busy the event loop was, checks under way. Out: admit or not. What waits in sockets is
 * counted nowhere; but a loop that finds no idle moment for long has more before it than it can do, so a growing share is
 * turned away, until it finds some again. Pure but for its own numbers.
 */

export interface Admission {
  /** False = answer `overloaded`. After true, `done` must follow. */
  admit(): boolean;
  done(): void;
  /**
   * @param busy share of the last window in which the loop worked, 0 to 1
   * @param milliseconds of the window; longer than asked for when the loop came round late
   */
  window(busy: number, milliseconds: number): void;
}

export interface AdmissionLimits {
  /** Checks under way at once. */
  readonly maxChecks: number;
  /** Milliseconds without an idle moment before some are turned away. */
  readonly maxLagMs: number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** Milliseconds of one window. */
export const WINDOW_MS = 10;
const SATURATED = 0.98;
/** Checks in one window: with fewer it is something else that keeps the loop busy, a start or a reload. */
const PRESSED = 10;
/** More is turned away quickly, less slowly: a share that swings makes clients retry in waves. */
const MORE = 0.2;
const LESS = 0.01;

export function createAdmission({ maxChecks, maxLagMs, random }: AdmissionLimits): Admission {
  let underWay = 0;
  let asked = 0;
  let saturated = 0;
  let refusedShare = 0;
  return {
    admit() {
      asked++;
      if (underWay >= maxChecks || (refusedShare > 0 && random() < refusedShare)) return false;
      underWay++;
      return true;
    },
    done() {
      underWay--;
    },
    window(busy, milliseconds) {
      // One long turn alone counts for half of the bound: a reload that compiles is no overload.
      if (busy < SATURATED) saturated = 0;
      else if (asked >= PRESSED) saturated += Math.min(milliseconds, maxLagMs / 2);
      asked = 0;
      if (saturated > maxLagMs) refusedShare = Math.min(1, refusedShare + MORE);
      else if (saturated === 0) refusedShare = Math.max(0, refusedShare - LESS);
    },
  };
}
