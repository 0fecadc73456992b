/**
 * Sends ended spans, some at a time. In: spans. Out: nothing that anybody waits for: the queue is bounded, what does not fit
 * or is not taken is counted and gone. A life: idle until the first span, emptied at stop. Effects: timers, the post.
 */
import type { Span } from "./trace-span.ts";

/** `again`: the collector could not now (OTLP/HTTP: 429, 502, 503, 504, or no answer); `refused`: it never will. */
export type PostOutcome = "taken" | "again" | "refused";

export interface TraceExportEffects {
  /** Bounded in time by itself. Never rejects. */
  readonly post: (spans: readonly Span[]) => Promise<PostOutcome>;
  /** Runs once after so many milliseconds. Must not hold the process. */
  readonly setTimer: (run: () => void, milliseconds: number) => unknown;
  /** Told how many spans came to which end. */
  readonly sent: (spans: number, outcome: "exported" | "dropped") => void;
}

export interface TraceExport {
  add(span: Span): void;
  /** One last try for what waits. */
  stop(): Promise<void>;
}

export const MAX_WAITING = 2048;
/** Writing so many as text holds the event loop for about a millisecond. */
export const MAX_BATCH = 256;
const LINGER_MS = 1000;
const FIRST_WAIT_MS = 1000;
const TRIES = 5;

export function createTraceExport({ post, setTimer, sent }: TraceExportEffects): TraceExport {
  let waiting: Span[] = [];
  let sending: Promise<void> | undefined;
  let due = false;
  let stopped = false;

  function schedule(milliseconds: number): void {
    if (due || stopped) return;
    due = true;
    setTimer(() => {
      due = false;
      sending ??= send().finally(() => {
        sending = undefined;
        if (waiting.length > 0) schedule(waiting.length >= MAX_BATCH ? 0 : LINGER_MS);
      });
    }, milliseconds);
  }

  async function send(): Promise<void> {
    const batch = waiting.slice(0, MAX_BATCH);
    waiting = waiting.slice(batch.length);
    if (batch.length === 0) return;
    for (let tries = 1; ; tries++) {
      const outcome = await post(batch);
      if (outcome === "taken") return sent(batch.length, "exported");
      if (outcome === "refused" || tries >= TRIES || stopped) return sent(batch.length, "dropped");
      await pause(FIRST_WAIT_MS * 2 ** (tries - 1));
    }
  }

  let wake = (): void => {};
  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      setTimer(resolve, milliseconds);
    });

  return {
    add(span) {
      if (stopped || waiting.length >= MAX_WAITING) return sent(1, "dropped");
      waiting.push(span);
      schedule(waiting.length >= MAX_BATCH ? 0 : LINGER_MS);
    },
    async stop() {
      stopped = true;
      wake();
      await sending;
      await send();
      if (waiting.length > 0) sent(waiting.length, "dropped");
      waiting = [];
    },
  };
}
