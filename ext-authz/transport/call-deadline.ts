/**
 * The deadline of one call, made when something begins to wait. In: its `grpc-timeout`, when its message was whole. Out: a signal
 * that aborts when the time is over, or when the client has gone. Effects: a timer, until the call ends.
 */
import { timeoutMs } from "./grpc-timeout.ts";

/** Why. Made once: an error of its own for each call would cost more than the call. */
const OVER = new Error("the call's time is over");
const GONE = new Error("the client has gone");

export class CallDeadline {
  private readonly aborting = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param began milliseconds, of `performance.now()` */
  constructor(timeout: string | undefined, began: number) {
    const left = timeoutMs(timeout) - (performance.now() - began);
    if (left <= 0) this.aborting.abort(OVER);
    else this.timer = setTimeout(() => this.aborting.abort(OVER), left);
  }

  get signal(): AbortSignal {
    return this.aborting.signal;
  }

  /** @param isAnswered an answered call has nothing left that waits */
  end(isAnswered: boolean): void {
    clearTimeout(this.timer);
    if (!isAnswered) this.aborting.abort(GONE);
  }
}
