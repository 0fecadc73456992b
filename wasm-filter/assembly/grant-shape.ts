/**
 * What grants vary by, and which path classes they speak of: the few shapes that a request's key is built in. In come a
 * grant's `vary` and class, out comes the shape to keep it under. Bounded: shapes, path lengths of each, atoms. No effects.
 */
import { isTokenChar, lower } from "./ascii";

const MOST_SHAPES: i32 = 8;
const MOST_ATOMS: i32 = 32;
const MOST_NAME: i32 = 128;
/** Slot 0 is for classes of one path, the others for a length of prefix each. */
export const SLOTS: i32 = 17;

export const QUERY: i32 = 0;
export const CONNECTION: i32 = 1;
export const HEADER: i32 = 2;

export class Atom {
  constructor(
    public kind: i32,
    /** Of a header. */
    public name: Uint8Array,
  ) {}
}

export class Shape {
  atoms: Atom[] = [];
  readsConnection: bool = false;
  /** The bearer token is part of the key. */
  readsToken: bool = false;
  /** Of the prefix, by slot. */
  lengths: StaticArray<u32> = new StaticArray<u32>(SLOTS);
  /** Monotonic end of the last grant, by slot: a slot without one is free. */
  until: StaticArray<u64> = new StaticArray<u64>(SLOTS);

  constructor(
    /** Part of the key, and never used again: shapes never answer for each other. */
    public id: u32,
    public vary: Uint8Array,
  ) {}

  isFree(now: u64): bool {
    for (let i = 0; i < SLOTS; i++) if (this.until[i] > now) return false;
    return true;
  }

  /** The slot for that class, in use or free; -1 when all others are in use. */
  slot(exact: bool, length: u32, now: u64): i32 {
    if (exact) return 0;
    let free = -1;
    for (let i = 1; i < SLOTS; i++) {
      if (this.until[i] <= now) free = i;
      else if (this.lengths[i] == length) return i;
    }
    if (free > 0) this.lengths[free] = length;
    return free;
  }
}

export class Shapes {
  all: Shape[] = [];
  private lastId: u32 = 0;

  clear(): void {
    this.all = [];
  }

  /** The shape for that text, old or new; null when it makes no sense, or all others are in use. */
  of(vary: Uint8Array, now: u64): Shape | null {
    let free = -1;
    for (let i = 0; i < this.all.length; i++) {
      const known = this.all[i];
      if (isEqual(known.vary, vary)) return known;
      if (known.isFree(now)) free = i;
    }
    if (free < 0 && this.all.length == MOST_SHAPES) return null;
    // A copy: the text is a view of all that the server said.
    const shape = new Shape(++this.lastId, vary.slice(0));
    if (!readAtoms(shape)) return null;
    if (free >= 0) this.all[free] = shape;
    else this.all.push(shape);
    return shape;
  }
}

function readAtoms(shape: Shape): bool {
  const vary = shape.vary;
  for (let at = 0; at < vary.length; ) {
    let end = at;
    while (end < vary.length && vary[end] != 0x20) end++;
    const word = vary.subarray(at, end);
    const atom = readAtom(word);
    if (atom === null || shape.atoms.length == MOST_ATOMS) return false;
    if (atom.kind == CONNECTION) shape.readsConnection = true;
    if (isText(word, "header:authorization")) shape.readsToken = true;
    shape.atoms.push(atom);
    at = end + 1;
  }
  return true;
}

function readAtom(word: Uint8Array): Atom | null {
  const empty = new Uint8Array(0);
  if (isText(word, "query")) return new Atom(QUERY, empty);
  if (isText(word, "connection")) return new Atom(CONNECTION, empty);
  // Pseudo-headers are lines like others here.
  if (isText(word, "scheme")) return new Atom(HEADER, Uint8Array.wrap(String.UTF8.encode(":scheme")));
  const name = word.subarray(7);
  if (name.length == 0 || name.length > MOST_NAME || !isText(word.subarray(0, 7), "header:")) return null;
  for (let i = 0; i < name.length; i++) if (!isTokenChar(name[i]) || lower(name[i]) != name[i]) return null;
  return new Atom(HEADER, name);
}

function isText(bytes: Uint8Array, text: string): bool {
  if (bytes.length != text.length) return false;
  for (let i = 0; i < bytes.length; i++) if (<i32>bytes[i] != text.charCodeAt(i)) return false;
  return true;
}

function isEqual(a: Uint8Array, b: Uint8Array): bool {
  return a.length == b.length && memory.compare(a.dataStart, b.dataStart, a.length) == 0;
}
