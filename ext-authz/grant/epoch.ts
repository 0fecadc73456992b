/**
 * The epoch: one name for all that grants depend on and no key holds: policies, settings, issuers' keys, revocation lists, the
 * minting key. In: their revisions, the clocks. Out: the same name wherever the same is in force, another one once any part of
 * it changes. A small memory: revisions are looked at a few times a second, and hashed when one of them is another.
 */

export interface EpochParts {
  /** Undefined while there is nothing to decide by. Every text names a thing and its content; their order does not count. */
  readonly revisions: () => readonly string[] | undefined;
  /** At most 64 of `A-Z a-z 0-9 - _`. */
  readonly hash: (text: string) => string;
  /** Seconds since the epoch, as decisions take the time. */
  readonly now: () => number;
  /** Milliseconds, of a clock that is never set. */
  readonly clock: () => number;
}

export interface Epoch {
  /** What is answered to guards. Undefined: nothing is in force. */
  current(): string | undefined;
  /** What grants are labelled with. Undefined: none may be given. */
  forGrants(): string | undefined;
  /** Looks again at once. */
  changed(): void;
}

/** Milliseconds. An older look only labels a grant with an epoch that is about to end: it ends with it. */
const LOOK_MS = 100;
/** Seconds that a clock may move by itself between two looks. */
const STEP = 1;
/** Milliseconds: the longest life of a grant, and the longest that a guard goes without asking. */
const STEPPED_MS = 62_000;

export function createEpoch({ revisions, hash, now, clock }: EpochParts): Epoch {
  let looked = Number.NEGATIVE_INFINITY;
  let seen: readonly string[] | undefined;
  let name: string | undefined;
  let stepped: string | undefined;
  let offset = now() - clock() / 1000;
  let steppedUntil = Number.NEGATIVE_INFINITY;

  function look(): void {
    const at = clock();
    if (at - looked < LOOK_MS) return;
    looked = at;
    const next = revisions();
    if (!isSame(seen, next)) {
      seen = next;
      const sorted = [...(next ?? [])].sort();
      name = next === undefined ? undefined : hash(JSON.stringify(sorted));
      stepped = next === undefined ? undefined : hash(JSON.stringify(["the clock was set", ...sorted]));
    }
    const difference = now() - at / 1000;
    // What was decided by another time of day may be decided otherwise now: `exp`, `nbf`, the age of lists and keys.
    if (Math.abs(difference - offset) > STEP) steppedUntil = at + STEPPED_MS;
    offset = difference;
  }

  return {
    current() {
      look();
      return looked < steppedUntil ? stepped : name;
    },
    forGrants() {
      look();
      return looked < steppedUntil ? undefined : name;
    },
    changed() {
      looked = Number.NEGATIVE_INFINITY;
    },
  };
}

function isSame(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return a === b;
  return a.every((text, index) => text === b[index]);
}
