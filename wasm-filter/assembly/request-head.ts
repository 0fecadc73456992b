/**
 * One request's header lines, read in place from the host's bytes, in wire order with duplicates. In comes what the host
 * holds now, out come spans and values. `readRequestHead` is the only effect: one host call.
 */
import { HeaderPairs, headerPairs, MapType } from "proxy-wasm-sdk-as/assembly";
import { byteAt, isBlank, slice, spells } from "./ascii";
import { owe } from "./tidy";

const NONE = new Uint8Array(0);

/** Null when the headers cannot be read: the caller must refuse. */
export function readRequestHead(map: MapType): RequestHead | null {
  const pairs = headerPairs(map);
  if (!pairs.ok) return null;
  const head = new RequestHead(pairs);
  owe(head.wire.buffer.byteLength);
  return head;
}

export class RequestHead {
  length: i32;
  /** Where all names and values stand. */
  wire: Uint8Array;
  private pairs: HeaderPairs;

  constructor(pairs: HeaderPairs) {
    this.pairs = pairs;
    this.length = pairs.length;
    this.wire = Uint8Array.wrap(pairs.bytes);
  }

  /** Bytes of all names and values. */
  size(): i32 {
    let size = 0;
    for (let line = 0; line < this.length; line++) size += this.pairs.nameLength(line) + this.pairs.valueLength(line);
    return size;
  }

  nameStart(line: i32): i32 {
    return this.pairs.nameOffset(line);
  }

  nameEnd(line: i32): i32 {
    return this.nameStart(line) + this.nameLength(line);
  }

  nameLength(line: i32): i32 {
    return this.pairs.nameLength(line);
  }

  /** Where the name stands in memory; a zero byte follows. */
  namePtr(line: i32): usize {
    return this.pairs.namePtr(line);
  }

  nameIs(line: i32, name: string): bool {
    return spells(this.wire, this.nameStart(line), this.nameEnd(line), name);
  }

  nameBytes(line: i32): Uint8Array {
    return this.pairs.nameBytes(line);
  }

  value(line: i32): Uint8Array {
    return this.pairs.valueBytes(line);
  }

  has(name: string): bool {
    return this.pairs.find(name) >= 0;
  }

  /** As `has`, byte for byte. */
  hasBytes(name: Uint8Array): bool {
    return this.pairs.indexOf(name) >= 0;
  }

  /** The first line of that name from `line` on; -1 = there is none. */
  find(name: string, line: i32 = 0): i32 {
    return this.pairs.find(name, line);
  }

  /** The value of the first line of that name; empty when there is none. */
  first(name: string): Uint8Array {
    const line = this.pairs.find(name);
    return line < 0 ? NONE : this.value(line);
  }

  /** Every line's value of that name; none for the name "". */
  all(name: string): Uint8Array[] {
    // With room from the start, unlike `[]`.
    const values = new Array<Uint8Array>();
    if (name == "") return values;
    for (let line = this.pairs.find(name); line >= 0; line = this.pairs.find(name, line + 1)) {
      values.push(this.value(line));
    }
    return values;
  }
}

/** Without blanks at either end (RFC 9110 §5.5): the value itself where there are none. */
export function trimmed(value: Uint8Array): Uint8Array {
  let from = 0;
  let to = value.length;
  while (from < to && isBlank(byteAt(value, from))) from++;
  while (to > from && isBlank(byteAt(value, to - 1))) to--;
  return from == 0 && to == value.length ? value : slice(value, from, to);
}

/** Every line's value of that name, without blanks at either end. */
export function allTrimmed(head: RequestHead, name: string): Uint8Array[] {
  const lines = head.all(name);
  for (let i = 0; i < lines.length; i++) lines[i] = trimmed(lines[i]);
  return lines;
}
