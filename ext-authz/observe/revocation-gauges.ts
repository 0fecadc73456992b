/**
 * The state of the lists of revoked tokens as gauges. In: the registry, the state as it is when somebody asks. Effects: on the
 * registry. No label but a closed one: which list is old is in `/readyz`.
 */
import { Gauge, type Registry } from "prom-client";

export interface RevocationState {
  /** Since the list was last read and found good; undefined = never. */
  readonly ageSeconds: number | undefined;
}

export function registerRevocationGauges(registry: Registry, lists: () => readonly RevocationState[]): void {
  const registers = [registry];
  new Gauge({
    name: "countersign_revocation_lists",
    help: "Lists of revoked tokens, by whether they were ever read",
    labelNames: ["state"] as const,
    registers,
    collect() {
      const all = lists();
      const read = all.filter((list) => list.ageSeconds !== undefined).length;
      this.set({ state: "read" }, read);
      this.set({ state: "missing" }, all.length - read);
    },
  });
  new Gauge({
    name: "countersign_revocation_age_seconds",
    help: "Age of the oldest list of revoked tokens in use; lists that were never read do not count",
    registers,
    collect() {
      this.set(Math.max(0, ...lists().map((list) => list.ageSeconds ?? 0)));
    },
  });
}
