/**
 * The state of issuers' keys as gauges. In: the registry, the state as it is when somebody asks. Effects: on the registry. No
 * address is ever a label: a source is a small number, which `/readyz` shows beside its address.
 */
import { Gauge, type Registry } from "prom-client";

export interface KeyState {
  readonly source: number;
  /** Since the last good answer. */
  readonly ageSeconds: number;
  /** In a row. */
  readonly failures: number;
  /** That count now. */
  readonly keys: number;
  readonly nextRefreshSeconds: number;
  /** Until the keys are too old; 0 = there are none. */
  readonly servesForSeconds: number;
  /** The newest answer shares no key with the one before: both count for a while. */
  readonly replacing: boolean;
}

/** Beyond this a source has no series of its own: the sums still count it. */
const MAX_SOURCES = 200;

export function registerKeyGauges(registry: Registry, keys: () => readonly KeyState[]): void {
  const registers = [registry];
  new Gauge({
    name: "countersign_jwks_sources",
    help: "Key sources, by whether they hold keys",
    labelNames: ["state"] as const,
    registers,
    collect() {
      const all = keys();
      const usable = all.filter((source) => source.keys > 0).length;
      this.set({ state: "usable" }, usable);
      this.set({ state: "empty" }, all.length - usable);
    },
  });
  new Gauge({
    name: "countersign_jwks_age_seconds",
    help: "Age of the oldest key set in use",
    registers,
    collect() {
      this.set(Math.max(0, ...keys().map((source) => source.ageSeconds)));
    },
  });
  for (const [name, help, read] of PER_SOURCE) {
    new Gauge({
      name: `countersign_jwks_source_${name}`,
      help: `${help}, by the source's number in /readyz`,
      labelNames: ["source"] as const,
      registers,
      collect() {
        // A source that is gone leaves no last value behind.
        this.reset();
        for (const state of keys()) {
          if (state.source < MAX_SOURCES) this.set({ source: String(state.source) }, read(state));
        }
      },
    });
  }
}

const PER_SOURCE: readonly (readonly [name: string, help: string, read: (state: KeyState) => number])[] = [
  ["age_seconds", "Time since the issuer's last good answer", (state) => state.ageSeconds],
  ["failures", "Fetches that failed in a row", (state) => state.failures],
  ["keys", "Keys that count now", (state) => state.keys],
  ["replacing", "1 while an answer waits that shares no key with the one before", (state) => Number(state.replacing)],
  ["next_refresh_seconds", "Time until the keys are asked for again", (state) => state.nextRefreshSeconds],
  ["serves_for_seconds", "Time until the keys are too old to serve", (state) => state.servesForSeconds],
];
