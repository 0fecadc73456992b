/**
 * The keys of one issuer over time. In: where they are, clock, timers and a fetch. Out: the keys that count now. A life:
 * from `start` to `stop` it refreshes ahead of need, one fetch at a time; what was good serves on through an outage, up to a
 * bound. Nothing here knows of other issuers: one that fails touches nobody else.
 */
import type { JwksSettings } from "../config/settings.ts";
import { err, type Result } from "../result.ts";
import type { JwksFetch } from "./jwks-answer.ts";
import { type KeySet, parseKeySet } from "./key-set.ts";
import type { KeySource } from "./key-source.ts";
import { addressOf, fetchDocument, type Place } from "./remote-document.ts";
import { newRenewalGate } from "./renewal-gate.ts";

/** The outside world, as this part needs it. */
export interface KeyDependencies {
  readonly fetch: JwksFetch;
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Runs once after so many milliseconds, unless the returned function was called before. Must not hold the process. */
  readonly setTimer: (run: () => void, milliseconds: number) => () => void;
  /** 0 ≤ x < 1, for spreading refreshes. */
  readonly random: () => number;
  readonly log: {
    info(message: string, fields: Readonly<Record<string, unknown>>): void;
    warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  };
}

export interface RemoteKeysOptions {
  readonly settings: JwksSettings;
  readonly strict: boolean;
  readonly jsonDepth: number;
  /** For all of one attempt, discovery included. */
  readonly timeoutMs: number;
}

export interface RemoteKeysState {
  readonly uri: string;
  readonly keys: number;
  /** Since the last good answer, or since the start when there was none. */
  readonly ageSeconds: number;
  /** In a row. */
  readonly failures: number;
  readonly lastError: string;
}

export interface RemoteKeys extends KeySource {
  /** Resolves when the first attempt has ended, however it did. */
  start(): Promise<void>;
  stop(): void;
  state(): RemoteKeysState;
}

export function createRemoteKeys(place: Place, dependencies: KeyDependencies, options: RemoteKeysOptions): RemoteKeys {
  const { fetch, now, setTimer, random, log } = dependencies;
  const { settings } = options;
  const uri = addressOf(place);
  const gate = newRenewalGate(settings.cooldownSeconds);
  const startedAt = now();
  const lifetime = new AbortController();
  let keySet: KeySet | undefined;
  let etag = "";
  let goodAt = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let lastError = "";
  let inFlight: Promise<void> | undefined;
  let cancelNext = () => {};

  function refresh(): Promise<void> {
    inFlight ??= attempt().finally(() => {
      inFlight = undefined;
      if (!lifetime.signal.aborted) scheduleNext();
    });
    return inFlight;
  }

  async function attempt(): Promise<void> {
    cancelNext();
    gate.tried(now());
    const bound = new AbortController();
    const cancelTimeout = setTimer(() => bound.abort(), options.timeoutMs);
    const signal = AbortSignal.any([lifetime.signal, bound.signal]);
    const result = await fetchKeys(signal).catch((cause: unknown) => err(`internal: ${String(cause)}`));
    cancelTimeout();
    if (lifetime.signal.aborted) return;
    if (result.ok) succeed(result.value);
    else fail(bound.signal.aborted ? "timed out" : result.error);
  }

  async function fetchKeys(signal: AbortSignal): Promise<Result<KeySet, string>> {
    const bounds = { etag, maxBytes: settings.maxBytes, signal };
    const answer = await fetchDocument(place, bounds, fetch, options.jsonDepth);
    if (!answer.ok) return answer;
    if (answer.value.kind === "unchanged") {
      return keySet === undefined ? err("unchanged, but nothing is known") : { ok: true, value: keySet };
    }
    const parsed = parseKeySet(answer.value.text, options.jsonDepth, { strict: options.strict, allowSecrets: false });
    // An answer without one usable key is an outage, not a withdrawal of all keys: the last good ones serve on.
    if (parsed.ok && parsed.value.keys.length === 0) return err("no usable key in the JWK set");
    if (parsed.ok) etag = answer.value.etag;
    return parsed;
  }

  function succeed(next: KeySet): void {
    if (next.revision !== keySet?.revision) {
      gate.forget();
      log.info("keys changed", { uri, keys: next.keys.length, unusable: next.unusable.length });
    }
    keySet = next;
    goodAt = now();
    failures = 0;
    lastError = "";
  }

  function fail(reason: string): void {
    failures++;
    lastError = reason;
    log.warn("keys could not be fetched", { uri, reason, failures });
  }

  function scheduleNext(): void {
    const seconds = failures === 0 ? settings.refreshSeconds : Math.min(2 ** failures, 60, settings.refreshSeconds);
    // Ahead of time by up to a fifth: many processes do not ask in step.
    cancelNext = setTimer(() => void refresh(), seconds * (1 - random() / 5) * 1000);
  }

  function current(): KeySet | undefined {
    return now() - goodAt <= settings.refreshSeconds + settings.staleSeconds ? keySet : undefined;
  }

  return {
    current,
    renew(kid) {
      if (inFlight !== undefined) return inFlight;
      if (lifetime.signal.aborted || !gate.opens(kid, now())) return undefined;
      return refresh().then(() => {
        if (!current()?.keys.some((key) => key.kid === kid)) gate.missed(kid, now());
      });
    },
    start: refresh,
    stop() {
      lifetime.abort();
      cancelNext();
    },
    state: () => ({
      uri,
      keys: current()?.keys.length ?? 0,
      ageSeconds: Math.max(0, now() - Math.max(goodAt, startedAt)),
      failures,
      lastError,
    }),
  };
}
