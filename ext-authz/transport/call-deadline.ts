/**
 * The deadline of one call, made when something begins to wait. In: the stream, its `grpc-timeout`. Out: a signal that aborts
 * when the time is over or the client has gone. Effects: a timer, until the call ends.
 */
import type { ServerHttp2Stream } from "node:http2";
import { timeoutMs } from "./grpc-timeout.ts";

/** @returns gives the same signal each time */
export function deadlineOf(stream: ServerHttp2Stream, timeout: string | undefined): () => AbortSignal {
  let signal: AbortSignal | undefined;
  return () => {
    signal ??= beginToWait(stream, timeout);
    return signal;
  };
}

function beginToWait(stream: ServerHttp2Stream, timeout: string | undefined): AbortSignal {
  const aborting = new AbortController();
  if (stream.destroyed) aborting.abort();
  else {
    const timer = setTimeout(() => aborting.abort(), timeoutMs(timeout));
    stream.once("close", () => {
      clearTimeout(timer);
      aborting.abort();
    });
  }
  return aborting.signal;
}
