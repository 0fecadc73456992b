/**
 * What the stage knows of keys: a source per rule, which answers at once from memory and may be asked to renew itself.
 * Types only; `key-sources.ts` makes them.
 */
import type { JwtRule } from "../resources/resource.ts";
import type { KeySet } from "./key-set.ts";

export interface KeySource {
  /** The keys that count now; undefined when there are none, or the last good ones are too old. */
  current(): KeySet | undefined;
  /**
   * Starts or joins a fetch because a token needs a key that is not there. Resolves when that fetch has ended, never
   * rejects. Undefined: no fetch is due, what `current` says stands. `kid` "" = the token names none.
   */
  renew(kid: string): Promise<void> | undefined;
}

export interface KeySources {
  sourceFor(rule: JwtRule): KeySource;
}
