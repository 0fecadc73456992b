/** Changes to bytes, as a fuzzer makes them: blind ones, and ones that know what a token is made of. Pure: chance is handed in. */

/** 0 ≤ x < 1; the same seed gives the same run. */
export type Chance = () => number;

/** Mulberry32. */
export function chanceFrom(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function below(limit: number, chance: Chance): number {
  return Math.floor(chance() * limit);
}

export function pick<T>(list: readonly T[], chance: Chance): T {
  const item = list[below(list.length, chance)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** No input grows beyond what a proxy lets through in its headers. */
const MAX_BYTES = 96 * 1024;

const WORDS = [
  ...[".", "..", "=", "==", "+", "/", "-", "_", "%", "%2", "%2E", "%00", "&", ";", '"', ",", " ", "\t", "\r\n", "\0"],
  ...[
    "Bearer ",
    "bearer ",
    "t=",
    "&t=",
    "; t=",
    "eyJ",
    "e30",
    "AA",
    "\xff",
    "\xc0\xaf",
    "\xed\xa0\x80",
    "\xef\xbb\xbf",
  ],
  ...[
    "{",
    "}",
    "[",
    "]",
    ":",
    "\\",
    "\\u0061",
    "\\ud800",
    '"alg":"none"',
    '"crit":[]',
    '"__proto__":{}',
    "1e999",
    "-0",
  ],
  ...['"exp":0,', '"iss":"",', '"kid":1,', "null", "true", "0".repeat(400), "[".repeat(64), '{"a":'.repeat(64)],
].map((word) => Buffer.from(word, "latin1"));

type Change = (bytes: Buffer, other: Buffer, chance: Chance) => Buffer;

function replaced(bytes: Buffer, from: number, to: number, by: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, from), by, bytes.subarray(to)]);
}

const CHANGES: readonly Change[] = [
  function flipBit(bytes, _, chance) {
    const copy = Buffer.from(bytes);
    const at = below(copy.length, chance);
    copy[at] = (copy[at] ?? 0) ^ (1 << below(8, chance));
    return copy;
  },
  function setByte(bytes, _, chance) {
    const copy = Buffer.from(bytes);
    copy[below(copy.length, chance)] = below(256, chance);
    return copy;
  },
  function insertWord(bytes, _, chance) {
    const at = below(bytes.length + 1, chance);
    return replaced(bytes, at, at, pick(WORDS, chance));
  },
  function overwriteWord(bytes, _, chance) {
    const at = below(bytes.length + 1, chance);
    const word = pick(WORDS, chance);
    return replaced(bytes, at, Math.min(bytes.length, at + word.length), word);
  },
  function removeRange(bytes, _, chance) {
    const at = below(bytes.length + 1, chance);
    return replaced(bytes, at, at + below(chance() < 0.7 ? 3 : bytes.length, chance), Buffer.alloc(0));
  },
  function repeatRange(bytes, _, chance) {
    const at = below(bytes.length + 1, chance);
    const range = bytes.subarray(at, at + below(64, chance));
    return replaced(bytes, at, at, Buffer.concat(Array.from({ length: 1 + below(40, chance) }, () => range)));
  },
  function growMuch(bytes, _, chance) {
    if (chance() < 0.9) return bytes;
    const at = below(bytes.length + 1, chance);
    return replaced(bytes, at, at, Buffer.alloc(below(MAX_BYTES, chance), pick(WORDS, chance)));
  },
  function splice(bytes, other, chance) {
    const at = below(bytes.length + 1, chance);
    return Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length + 1, chance))]);
  },
  function swapRanges(bytes, _, chance) {
    const [a, b] = [below(bytes.length + 1, chance), below(bytes.length + 1, chance)].sort((x, y) => x - y);
    return Buffer.concat([bytes.subarray(b), bytes.subarray(a, b), bytes.subarray(0, a)]);
  },
  function toOtherCase(bytes, _, chance) {
    const text = bytes.toString("latin1");
    return Buffer.from(chance() < 0.5 ? text.toLowerCase() : text.toUpperCase(), "latin1");
  },
];

/** One to six changes; `other` lends its bytes. */
export function mutate(bytes: Buffer, other: Buffer, chance: Chance): Buffer {
  let changed = bytes;
  for (let count = 1 + below(6, chance) * below(2, chance); count > 0; count--) {
    changed = pick(CHANGES, chance)(changed.length === 0 ? Buffer.alloc(1) : changed, other, chance);
  }
  return changed.subarray(0, MAX_BYTES);
}

/** Inside one segment, spelled well again: what base64 would stop gets through to the JSON and the signature. */
export function mutateSegment(raw: string, other: Buffer, chance: Chance): string {
  const segments = raw.split(".");
  const at = below(segments.length, chance);
  const inside = mutate(Buffer.from(segments[at] ?? "", "base64url"), other, chance);
  return segments.with(at, inside.toString("base64url")).join(".");
}
