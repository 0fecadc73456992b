/**
 * Which keys count when an issuer answers with others than before. In: what counted, a good answer, the clock. Out: what
 * counts now. Pure. A rotation overlaps, so an answer that shares a key with the one before replaces it at once, and a key
 * that is gone is gone. One that shares none is an abrupt rotation or somebody else's keys: it counts at once, but what was
 * there serves beside it until the answer has stood for a while, and never beyond its own bound.
 */
import { createHash } from "node:crypto";
import type { KeySet } from "./key-set.ts";

export interface GoodAnswer {
  readonly keySet: KeySet;
  /** Seconds since the epoch. */
  readonly at: number;
  /** The stale bound, in seconds since the epoch: after it these keys verify nothing. */
  readonly until: number;
}

export interface Succession {
  readonly settled: GoodAnswer;
  /** Shares no key with `settled`. `since`: when the first such answer came. */
  readonly successor: (GoodAnswer & { readonly since: number }) | undefined;
  /** Both. One object for as long as both are the same: what was verified with it stays verified. */
  readonly both: KeySet;
}

/** @param standSeconds how long an answer must stand that shares no key with the one before */
export function succeed(before: Succession | undefined, answer: GoodAnswer, standSeconds: number): Succession {
  const known = before?.successor;
  if (before === undefined || answer.at > before.settled.until || shareKey(before.settled.keySet, answer.keySet)) {
    return settle(answer);
  }
  const since = known !== undefined && shareKey(known.keySet, answer.keySet) ? known.since : answer.at;
  if (answer.at - since >= standSeconds) return settle(answer);
  const both = known?.keySet === answer.keySet ? before.both : unite(answer.keySet, before.settled.keySet);
  return { settled: before.settled, successor: { ...answer, since }, both };
}

/** Of two answers only the one that is not too old; undefined when neither is. */
export function keysAt({ settled, successor, both }: Succession, now: number): KeySet | undefined {
  const old = now <= settled.until ? settled.keySet : undefined;
  if (successor === undefined || now > successor.until) return old;
  return old === undefined ? successor.keySet : both;
}

/** The newest answer's. */
export function newestOf({ settled, successor }: Succession): GoodAnswer {
  return successor ?? settled;
}

function settle(answer: GoodAnswer): Succession {
  return { settled: answer, successor: undefined, both: answer.keySet };
}

/** By the key itself: a `kid` that names another key now is no key in common. */
function shareKey(a: KeySet, b: KeySet): boolean {
  return a === b || a.keys.some(({ key }) => b.keys.some((other) => other.key.equals(key)));
}

function unite(newer: KeySet, older: KeySet): KeySet {
  const revision = createHash("sha256").update(`${newer.revision} ${older.revision}`).digest("base64url");
  return { keys: [...newer.keys, ...older.keys], unusable: newer.unusable, revision };
}
