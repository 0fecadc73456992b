/**
 * Runs again whenever a watched file changes. In: what to watch, what to run. Out: ends when `stopped` resolves. Effects:
 * through `watch` only. A burst of changes is one run, and runs never overlap.
 */

export interface WatchEffects {
  /** Calls back on every change below the paths; returns how to end. */
  readonly watch: (paths: readonly string[], onChange: () => void) => () => void;
  /** Runs once after so many milliseconds. */
  readonly delay: (run: () => void, milliseconds: number) => void;
  readonly stopped: Promise<void>;
}

/** Editors write a file in several steps. */
const SETTLE_MS = 150;

/** @param run must not reject; says which paths its next run depends on */
export async function watchAndRun(run: () => Promise<readonly string[]>, effects: WatchEffects): Promise<void> {
  let ended = false;
  let paths = await run();
  const stopped = effects.stopped.then(() => {
    ended = true;
  });
  while (!ended) {
    const changed = new Promise<void>((resolve) => {
      const end = effects.watch(paths, () => {
        end();
        effects.delay(resolve, SETTLE_MS);
      });
      stopped.then(end, end);
    });
    await Promise.race([changed, stopped]);
    if (!ended) paths = await run();
  }
}
