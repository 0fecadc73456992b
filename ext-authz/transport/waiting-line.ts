/**
 * Checks that came in while the process was busy with others. In: checks as they are read. Out: whether one may be run at once,
 * as when nothing waits; else it is run turn by turn, and told whether it is taken on. Effects: clock, chance and turns of the event loop, as given.
 *
 * A busy process reads what came, then works for some milliseconds, then writes answers and reads again: so waits are seen here
 * and not only in sockets, and no answer lies about until everything before it is done.
 */
import type { Overload } from "./overload.ts";

export interface WaitingLine {
  /** Whether what came now is to be run now: nothing waits, and this turn of the loop has time left. */
  isFree(now: number): boolean;
  /** For what came when the line was not free. @param bytes that it holds. @returns what it gave, when its turn came */
  wait<T>(run: Run<T>, now: number, bytes?: number): T | Promise<T>;
}

/** @param admitted false = it is not taken on. */
export type Run<T> = (admitted: boolean) => T | Promise<T>;

export interface LineEffects {
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
  /** Runs when this turn of the loop has read every socket; answers are written before the next one. */
  readonly atEndOfTurn: (run: () => void) => void;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

interface Waiting {
  readonly since: number;
  readonly bytes: number;
  /** Never throws. */
  readonly run: (admitted: boolean) => void;
}

/** Milliseconds of work in one turn; one check may take longer. */
export const TURN_MS = 5;
/** Bytes of messages that wait: a few large ones are worth as much as thousands of the usual size. */
export const WAITING_BYTES = 64 * 1024 * 1024;

/** @param maxWaiting more are not taken on */
export function createWaitingLine(maxWaiting: number, overload: Overload, effects: LineEffects): WaitingLine {
  const { clock, atEndOfTurn, random } = effects;
  let line: Waiting[] = [];
  let head = 0;
  let bytesWaiting = 0;
  /** Where those stand that this turn brought. */
  let newest = 0;
  let turnBegan: number | undefined;

  function beginTurn(now: number): void {
    turnBegan = now;
    atEndOfTurn(endTurn);
  }

  function endTurn(): void {
    const began = clock();
    turnBegan = undefined;
    for (let now = began; head < line.length && now - began < TURN_MS; now = clock()) {
      const next = line[head++];
      bytesWaiting -= next?.bytes ?? 0;
      next?.run(overload.admits(now - next.since, now));
    }
    if (head < line.length) {
      if (head > maxWaiting) {
        line = line.slice(head);
        head = 0;
      }
      newest = line.length;
      beginTurn(clock());
      return;
    }
    line = [];
    head = 0;
    newest = 0;
  }

  /**
   * Sockets are always read in the same order, and of what one turn brings, the last has waited longest when it is looked at:
   * without chance the last connection would be refused for all of them.
   */
  function stand(next: Waiting): void {
    const at = newest + Math.floor(random() * (line.length + 1 - newest));
    const other = line[at];
    line[at] = next;
    if (other !== undefined) line.push(other);
  }

  return {
    isFree(now) {
      if (turnBegan === undefined) beginTurn(now);
      if (head < line.length || now - (turnBegan ?? now) >= TURN_MS) return false;
      overload.empty(now);
      return true;
    },
    wait<T>(run: Run<T>, now: number, bytes = 0): T | Promise<T> {
      if (line.length - head >= maxWaiting || bytesWaiting + bytes > WAITING_BYTES) return run(false);
      bytesWaiting += bytes;
      return new Promise<T>((resolve, reject) => {
        const settle = (admitted: boolean): void => {
          try {
            resolve(run(admitted));
          } catch (cause) {
            reject(cause);
          }
        };
        stand({ since: now, bytes, run: settle });
      });
    },
  };
}
