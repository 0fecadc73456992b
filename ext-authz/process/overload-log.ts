/** Says that checks were turned away: at once, and then at most once a second with their number. Effect: log lines. */
import type { Log } from "../observe/log.ts";

const EVERY_MS = 1000;

export function overloadLog(
  log: Pick<Log, "error">,
  setTimer: (run: () => void, milliseconds: number) => unknown,
): { seen(): void } {
  let count = 0;
  let waiting = false;
  const say = (): void => {
    waiting = false;
    if (count === 0) return;
    log.error("overloaded: checks were turned away", { checks: count });
    count = 0;
    waiting = true;
    setTimer(say, EVERY_MS);
  };
  return {
    seen() {
      count++;
      if (!waiting) say();
    },
  };
}
