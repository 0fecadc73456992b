/**
 * The largest region around a text in which a set of known texts cannot tell one member from another. In: the known texts,
 * sorted; one text. Out: a start that all members share, and starts that none of them has. Pure. The sorted list is a trie
 * kept flat: what lies between two positions shares a start, so the walk costs the text's length, not the number of texts.
 */

export interface KnownTexts {
  /** Each once, by code units. Whether a text begins with one of them must be the same for all members. */
  readonly texts: readonly string[];
  /** Those of them that (also) count as the whole text. */
  readonly wholes: ReadonlySet<string>;
}

/** Every text that begins with `start` and with none of `without`. */
export interface Region {
  readonly start: string;
  readonly without: readonly string[];
}

export interface Room {
  /** The start has at least so many characters. */
  readonly least: number;
  /** Starts to leave out, at most. */
  readonly terms: number;
  /** Characters of these together, at most. */
  readonly characters: number;
}

export function knownTexts(beginnings: Iterable<string>, wholes: Iterable<string>): KnownTexts {
  const whole = new Set(wholes);
  return { texts: [...new Set([...beginnings, ...whole])].sort(byCodeUnits), wholes: whole };
}

/** Texts at `from` to `to` share the first `depth` characters with the given one; those outside `on` then part from it. */
interface Fork {
  readonly depth: number;
  readonly from: number;
  readonly to: number;
  readonly on: { readonly from: number; readonly to: number };
}

/** Undefined: no region but the text itself is small enough to be said. */
export function surroundings(known: KnownTexts, text: string, room: Room): Region | undefined {
  if (known.wholes.has(text)) return undefined;
  const { forks, least } = walk(known, text, room.least);
  const without: string[] = [];
  let characters = 0;
  // From the last fork back: each that is let in makes the start shorter and the region larger.
  for (let at = forks.length - 1; at >= 0; at--) {
    const fork = forks[at];
    if (fork === undefined || fork.depth < least) break;
    const starts = partings(known.texts, fork, room.terms - without.length);
    characters += starts?.reduce((sum, start) => sum + start.length, 0) ?? 0;
    if (starts === undefined || characters > room.characters) {
      if (fork.depth === text.length) return undefined;
      return { start: text.slice(0, Math.max(least, fork.depth + 1)), without };
    }
    without.push(...starts);
  }
  return least > text.length ? undefined : { start: text.slice(0, least), without };
}

function walk({ texts, wholes }: KnownTexts, text: string, given: number): { forks: readonly Fork[]; least: number } {
  const forks: Fork[] = [];
  let least = given;
  let from = 0;
  let to = texts.length;
  for (let depth = 0; from < to; depth++) {
    const first = texts[from] ?? "";
    if (first.length === depth) {
      // The text begins with this one, so all members must; and go on after it where the whole counts.
      least = Math.max(least, wholes.has(first) ? depth + 1 : depth);
      from++;
    }
    const code = depth < text.length ? text.charCodeAt(depth) : -1;
    const on = code < 0 ? { from: to, to } : narrowed(texts, from, to, depth, code);
    if (on.to - on.from < to - from) forks.push({ depth, from, to, on });
    ({ from, to } = on);
  }
  return { forks, least };
}

/** Where the texts between `from` and `to` have this character at `depth`. */
function narrowed(
  texts: readonly string[],
  from: number,
  to: number,
  depth: number,
  code: number,
): { readonly from: number; readonly to: number } {
  if (codeAt(texts, from, depth) === code && codeAt(texts, to - 1, depth) === code) return { from, to };
  const start = firstNotBelow(texts, from, to, depth, code);
  return { from: start, to: firstNotBelow(texts, start, to, depth, code + 1) };
}

function firstNotBelow(texts: readonly string[], from: number, to: number, depth: number, code: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (codeAt(texts, middle, depth) < code) low = middle + 1;
    else high = middle;
  }
  return low;
}

function codeAt(texts: readonly string[], at: number, depth: number): number {
  const text = texts[at];
  return text === undefined || depth >= text.length ? -1 : text.charCodeAt(depth);
}

/** What those that part have in common, one start for each next character; undefined when these are too many. */
function partings(
  texts: readonly string[],
  { depth, from, to, on }: Fork,
  most: number,
): readonly string[] | undefined {
  const starts: string[] = [];
  for (let at = from; at < to; ) {
    if (at === on.from && on.to > on.from) {
      at = on.to;
      continue;
    }
    if (starts.length >= most) return undefined;
    const end = firstNotBelow(texts, at, at < on.from ? on.from : to, depth, codeAt(texts, at, depth) + 1);
    starts.push(commonStart(texts[at] ?? "", texts[end - 1] ?? ""));
    at = end;
  }
  return starts;
}

function commonStart(a: string, b: string): string {
  let at = 0;
  while (at < a.length && at < b.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return a.slice(0, at);
}

/** By code units, as `charCodeAt` tells them apart. */
function byCodeUnits(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
