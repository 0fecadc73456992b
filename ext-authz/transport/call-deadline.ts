/**
 * The deadline of one call, made when something begins to wait. In: the stream, its `grpc-timeout`. Out: a signal that aborts
 * when the time is over, counted from the call's message, or when the client has gone. Effects: a timer, until the call ends.
 */
import type { ServerHttp2Stream } from "node:http2";
import { timeoutMs } from "./grpc-timeout.ts";

/** Why. Made once: an error of its own for each call would cost more than the call. */
const OVER = new Error("the call's time is over");
const GONE = new Error("the client has gone");

/** @returns gives the same signal each time */
export function deadlineOf(stream: ServerHttp2Stream, timeout: string | undefined): () => AbortSignal {
  const began = performance.now();
  let signal: AbortSignal | undefined;
  return () => {
    signal ??= beginToWait(stream, timeoutMs(timeout) - (performance.now() - began));
    return signal;
  };
}

function beginToWait(stream: ServerHttp2Stream, milliseconds: number): AbortSignal {
  const aborting = new AbortController();
  if (stream.destroyed || milliseconds <= 0) aborting.abort(stream.destroyed ? GONE : OVER);
  else {
    const timer = setTimeout(() => aborting.abort(OVER), milliseconds);
    stream.once("close", () => {
      clearTimeout(timer);
      // An answered call has nothing left that waits.
      if (!stream.headersSent) aborting.abort(GONE);
    });
  }
  return aborting.signal;
}
