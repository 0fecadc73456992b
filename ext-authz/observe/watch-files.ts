/**
 * Says when files changed and came to rest. In: what they look like now (a fingerprint), hints that something moved, a
 * timer. Out: one call for each change, however many writes it took. Hints may be missed or too many: a slow look comes
 * anyway, and a change counts only when two looks in a row see the same new thing.
 */

export interface WatchEffects {
  /** Changes whenever a file does. May reject: what cannot be read has changed. */
  readonly fingerprint: () => Promise<string>;
  /** Tells of possible changes from now on. @returns a way to end that */
  readonly hints: (hint: () => void) => () => void;
  readonly setTimer: (run: () => void, milliseconds: number) => () => void;
  /** Told after each change, one at a time. Its failures are its own. */
  readonly changed: () => Promise<void>;
}

export interface FileWatch {
  stop(): void;
}

/** Quiet time after the last hint before a look, and between the two looks. */
const SETTLE_MS = 100;
/** A writer that never rests must not put off a change for ever. */
const MAX_LOOKS = 30;
/** Where hints do not come (network file systems). */
const SLOW_MS = 10_000;

/** What is there at the call is taken as known. */
export function watchFiles(effects: WatchEffects): FileWatch {
  const { fingerprint, setTimer } = effects;
  const look = (): Promise<string> => fingerprint().catch((cause: unknown) => `unreadable: ${cause}`);
  let stopped = false;
  let busy = true;
  let hinted = false;
  let cancel = (): void => {};
  let known = "";

  const schedule = (milliseconds: number): void => {
    cancel();
    if (!stopped) cancel = setTimer(() => void turn(), milliseconds);
  };
  const pause = (): Promise<void> => new Promise((resolve) => void setTimer(resolve, SETTLE_MS));
  const settled = async (): Promise<string> => {
    let before = await look();
    if (before === known) return before;
    for (let looks = 1; looks < MAX_LOOKS; looks++) {
      await pause();
      const after = await look();
      if (after === before) break;
      before = after;
    }
    return before;
  };
  async function turn(): Promise<void> {
    busy = true;
    hinted = false;
    const seen = await settled();
    if (seen !== known && !stopped) {
      // Noted before the load: what changes while it reads is found by the next look.
      known = seen;
      await effects.changed().catch(() => {});
    }
    rest();
  }
  function rest(): void {
    busy = false;
    schedule(hinted ? SETTLE_MS : SLOW_MS);
  }
  const endHints = effects.hints(() => {
    if (hinted && !busy) return;
    hinted = true;
    if (!busy) schedule(SETTLE_MS);
  });
  void look().then((first) => {
    known = first;
    rest();
  });
  return {
    stop() {
      stopped = true;
      cancel();
      endHints();
    },
  };
}
