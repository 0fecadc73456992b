/**
 * The keys of one issuer over time. In: where they are, clock, timers, a fetch, maybe a store. Out: the keys that count now. A
 * life: from `start` to `stop` it refreshes ahead of need, one fetch at a time; what was good serves on through an outage, and
 * from the store through a restart, up to a bound. Nothing here knows of other issuers: one that fails touches nobody else.
 */
import type { JwksSettings } from "../config/settings.ts";
import { err, ok, type Result } from "../result.ts";
import type { JwksFetch } from "./jwks-answer.ts";
import { type KeptAnswer, type KeyStore, keptName, readKept, writeKept } from "./kept-keys.ts";
import { type KeySet, parseKeySet } from "./key-set.ts";
import type { KeySource } from "./key-source.ts";
import { keysAt, newestOf, type Succession, succeed } from "./key-succession.ts";
import { freshFor, nextRefresh, servesFor } from "./refresh-times.ts";
import { addressOf, displayOf, fetchDocument, type Place, type Validator } from "./remote-document.ts";
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
  /** Where last good answers outlive the process; absent = nowhere. */
  readonly store?: KeyStore;
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
  /** For people: without query and userinfo. */
  readonly uri: string;
  readonly keys: number;
  /** Where the newest keys came from. */
  readonly origin: "issuer" | "disk" | "none";
  /** True while an answer that shares no key with the one before waits to replace it. */
  readonly replacing: boolean;
  /** Since the last good answer, or since the start when there was none. */
  readonly ageSeconds: number;
  /** Until the keys are too old to serve; 0 = there are none. */
  readonly servesForSeconds: number;
  readonly nextRefreshSeconds: number;
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

/** Requests that wait for one fetch. More are answered at once: a slow issuer must not hold every check there may be. */
const MAX_WAITING = 100;

export function createRemoteKeys(place: Place, dependencies: KeyDependencies, options: RemoteKeysOptions): RemoteKeys {
  const { fetch, now, setTimer, random, log, store } = dependencies;
  const { settings, jsonDepth } = options;
  const uri = displayOf(place);
  const name = keptName(addressOf(place));
  const gate = newRenewalGate(settings.cooldownSeconds);
  const startedAt = now();
  const lifetime = new AbortController();
  let succession: Succession | undefined;
  let validator: Validator | undefined;
  let newestText = "";
  let origin: RemoteKeysState["origin"] = "none";
  let failures = 0;
  let lastError = "";
  let wish: number | undefined;
  let refreshAt = startedAt;
  let inFlight: Promise<void> | undefined;
  let waiting = 0;
  let saving = false;
  let restored = store === undefined;
  let cancelNext = () => {};

  function refresh(): Promise<void> {
    inFlight ??= attempt().finally(() => {
      inFlight = undefined;
      waiting = 0;
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
    if (!restored) await restore(signal);
    const result = await fetchKeys(signal).catch((cause: unknown) => err(`internal: ${String(cause)}`));
    cancelTimeout();
    if (lifetime.signal.aborted) return;
    if (result.ok) accept(result.value, now(), "issuer");
    else fail(bound.signal.aborted ? "timed out" : result.error);
  }

  async function fetchKeys(signal: AbortSignal): Promise<Result<KeySet, string>> {
    const answer = await fetchDocument(place, { validator, maxBytes: settings.maxBytes, signal }, fetch, jsonDepth);
    if (!answer.ok) return answer;
    const { value } = answer;
    if (value.kind === "unchanged") {
      if (succession === undefined) return err("unchanged, but nothing is known");
      wish = value.freshSeconds;
      return ok(newestOf(succession).keySet);
    }
    const parsed = readKeys(value.text);
    if (!parsed.ok) return parsed;
    validator = value.etag === "" ? undefined : { url: value.url, etag: value.etag };
    newestText = value.text;
    wish = value.freshSeconds;
    return parsed;
  }

  function readKeys(text: string): Result<KeySet, string> {
    const parsed = parseKeySet(text, jsonDepth, { strict: options.strict, allowSecrets: false });
    // An answer without one usable key is an outage, not a withdrawal of all keys: the last good ones serve on.
    if (parsed.ok && parsed.value.keys.length === 0) return err("no usable key in the JWK set");
    return parsed;
  }

  function accept(answer: KeySet, at: number, from: "issuer" | "disk"): void {
    const before = succession === undefined ? undefined : newestOf(succession).keySet;
    const isNew = answer.revision !== before?.revision;
    // The same text keeps the same object: what was verified with it stays verified.
    const keySet = isNew || before === undefined ? answer : before;
    succession = succeed(succession, { keySet, at, until: at + servesFor(wish, settings) }, settings.replaceSeconds);
    if (isNew) {
      gate.forget();
      log.info("keys changed", { uri, keys: keySet.keys.length, unusable: keySet.unusable.length, from });
    }
    if (succession.successor !== undefined) log.warn("no key in common with the last answer", { uri });
    origin = from;
    if (from === "disk") return;
    failures = 0;
    lastError = "";
    if (succession.successor === undefined) void save(at);
  }

  function fail(reason: string): void {
    failures++;
    lastError = reason;
    log.warn("keys could not be fetched", { uri, reason, failures });
  }

  async function restore(signal: AbortSignal): Promise<void> {
    restored = true;
    const aborted = new Promise<undefined>((resolve) => {
      signal.addEventListener("abort", () => resolve(undefined), { once: true });
    });
    const file = await Promise.race([store?.load(name), aborted]);
    if (file === undefined || (file.ok && file.value === undefined)) return;
    const kept = file.ok ? readKept(name, file.value ?? "", now(), settings) : file;
    const keySet = kept.ok ? readKeys(kept.value.text) : kept;
    if (!kept.ok || !keySet.ok) {
      log.warn("kept keys are not used", { uri, reason: keySet.ok ? "" : keySet.error });
      return;
    }
    wish = kept.value.freshSeconds;
    accept(keySet.value, kept.value.at, "disk");
  }

  async function save(at: number): Promise<void> {
    if (store === undefined || saving) return;
    saving = true;
    const kept: KeptAnswer = { text: newestText, at, freshSeconds: freshFor(wish, settings) };
    const saved = await store.save(name, writeKept(name, kept)).catch((cause: unknown) => err(String(cause)));
    saving = false;
    if (!saved.ok) log.warn("keys could not be kept", { uri, reason: saved.error });
  }

  function scheduleNext(): void {
    const since = succession?.successor?.since;
    const standsIn = since === undefined ? undefined : since + settings.replaceSeconds - now();
    const seconds = nextRefresh({ failures, wish, standsIn, random: random() }, settings);
    refreshAt = now() + seconds;
    cancelNext = setTimer(() => void refresh(), seconds * 1000);
  }

  function current(): KeySet | undefined {
    return succession === undefined ? undefined : keysAt(succession, now());
  }

  return {
    current,
    renew(kid) {
      if (waiting >= MAX_WAITING) return undefined;
      if (inFlight === undefined && (lifetime.signal.aborted || !gate.opens(kid, now()))) return undefined;
      waiting++;
      if (inFlight !== undefined) return inFlight;
      return refresh().then(() => {
        if (!current()?.keys.some((key) => key.kid === kid)) gate.missed(kid, now());
      });
    },
    start: refresh,
    stop() {
      lifetime.abort();
      cancelNext();
    },
    state() {
      const newest = succession === undefined ? undefined : newestOf(succession);
      const keys = current()?.keys.length ?? 0;
      return {
        uri,
        keys,
        origin: keys === 0 ? "none" : origin,
        replacing: succession?.successor !== undefined,
        ageSeconds: Math.max(0, now() - (newest?.at ?? startedAt)),
        servesForSeconds: keys === 0 || newest === undefined ? 0 : newest.until - now(),
        nextRefreshSeconds: Math.max(0, refreshAt - now()),
        failures,
        lastError,
      };
    },
  };
}
