/**
 * One list of revoked tokens over time. In: where it is, clock, timers, a way to read. Out: the list that counts now. A life:
 * from `start` to `stop` it is read again at each interval, so that a revocation counts after one interval at the latest. A
 * list that is broken or cannot be had leaves the last good one in force, up to a bound; then there is none.
 */
import type { Revocation } from "../../resources/credential-resource.ts";
import { displayUrl } from "../../resources/display-url.ts";
import { err, type Result } from "../../result.ts";
import { parseRevocationList, type RevocationList } from "./revocation-list.ts";

export interface FeedDependencies {
  /** Reads the list; `etag` "" = anew. "unchanged" only when an etag was given. Never rejects. */
  readonly read: (resource: Revocation, etag: string, signal: AbortSignal) => Promise<Result<FeedText, string>>;
  readonly now: () => number;
  readonly setTimer: (run: () => void, milliseconds: number) => () => void;
  readonly log: {
    info(message: string, fields: Readonly<Record<string, unknown>>): void;
    warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  };
}

export type FeedText = "unchanged" | { readonly text: string; readonly etag: string };

export interface RevocationFeed {
  /** Undefined: never read, or the last good list is too old. */
  current(): RevocationList | undefined;
}

/** What operators see of a list. */
export interface FeedState {
  /** Without what may be secret. */
  readonly source: string;
  /** Since it was last read and found good; undefined = never. */
  readonly ageSeconds: number | undefined;
  /** Attempts that failed in a row. */
  readonly failures: number;
  readonly entries: number;
}

export interface LivingFeed extends RevocationFeed {
  state(): FeedState;
  /** Resolves when the first attempt has ended, however it did. */
  start(): Promise<void>;
  stop(): void;
}

const MAX_ATTEMPT_SECONDS = 10;

export function createRevocationFeed(resource: Revocation, dependencies: FeedDependencies): LivingFeed {
  const { read, now, setTimer, log } = dependencies;
  const source = resource.uri === undefined ? (resource.path ?? "") : displayUrl(resource.uri);
  let list: RevocationList | undefined;
  let etag = "";
  let text = "";
  let goodAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let attempt = new AbortController();
  let stopped = false;
  let cancelNext = () => {};

  async function refresh(): Promise<void> {
    const startedAt = now();
    // A source that hangs keeps neither the next attempt nor a reload waiting.
    attempt = new AbortController();
    const { signal } = attempt;
    const cancelBound = setTimer(() => attempt.abort(), Math.min(resource.intervalSeconds, MAX_ATTEMPT_SECONDS) * 1000);
    const result = await read(resource, etag, signal).catch((): Result<FeedText, string> => err("internal"));
    cancelBound();
    if (stopped) return;
    const taken = result.ok ? take(result.value) : result.error;
    failures = taken === undefined ? 0 : failures + 1;
    if (taken === undefined) goodAt = startedAt;
    else log.warn("revocations could not be read", { source, reason: signal.aborted ? "timed out" : taken });
    const waited = now() - startedAt;
    cancelNext = setTimer(() => void refresh(), Math.max(0, resource.intervalSeconds - waited) * 1000);
  }

  /** Why it could not be taken; undefined = it was. */
  function take(answer: FeedText): string | undefined {
    if (answer === "unchanged") return list === undefined ? "unchanged, but nothing is known" : undefined;
    if (list === undefined || answer.text !== text) {
      const parsed = parseRevocationList(answer.text);
      if (!parsed.ok) return parsed.error;
      list = parsed.value;
      text = answer.text;
      log.info("revocations changed", { source, entries: list.size });
    }
    etag = answer.etag;
    return undefined;
  }

  return {
    current: () => {
      const age = now() - goodAt;
      // Younger than new: the clock stepped back, and nobody knows how old the list is.
      return age >= 0 && age <= resource.maxAgeSeconds ? list : undefined;
    },
    state: () => ({
      source,
      ageSeconds: list === undefined ? undefined : now() - goodAt,
      failures,
      entries: list?.size ?? 0,
    }),
    start: refresh,
    stop() {
      stopped = true;
      attempt.abort();
      cancelNext();
    },
  };
}
