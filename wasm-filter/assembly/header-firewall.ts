/**
 * Which header names are ours alone (DESIGN §5). In comes a name as bytes, out goes whether it is owned under any alias:
 * letter case, `_` for `-` (CGI and WSGI read both as one), and bytes around the name that are no token. No effects.
 */
import { byteAt, isTokenChar, lower } from "./ascii";
import { ByteWriter } from "./byte-writer";

const ALL: u32 = 0xffffffff;
/** Of `-` and `_`. */
const HYPHENS: u32 = 0x80002000;

export class OwnedHeaders {
  /** One behind the other: length, 1 for a prefix, the bytes. */
  private patterns: ByteWriter = new ByteWriter();
  /** Bits per first and third letter of what is looked at closely, `signature` among it: most names need no comparison. */
  private firsts: u32 = bits(0x73);
  private thirds: u32 = bits(0x67);

  /** `pattern` is a lower-case name, or a prefix followed by `*`; 255 bytes at most. */
  add(pattern: string): void {
    const isPrefix = pattern.endsWith("*");
    const length = pattern.length - <i32>isPrefix;
    this.patterns.byte(<u8>length);
    this.patterns.byte(<u8>isPrefix);
    for (let i = 0; i < length; i++) this.patterns.byte(fold(<u8>pattern.charCodeAt(i)));
    this.firsts |= length == 0 ? ALL : bits(<u8>pattern.charCodeAt(0));
    this.thirds |= length < 3 ? ALL : bits(<u8>pattern.charCodeAt(2));
  }

  /** False where the name at `name` is neither owned nor an alias of the stamp's fields; `length` in bytes. */
  mayOwn(name: usize, length: i32): bool {
    // The colon of the host's own names is no token, like all that may stand around one.
    if (length > 0 && load<u8>(name) == 0x3a) {
      name++;
      length--;
    }
    if (length < 3) return true;
    const first = load<u8>(name);
    if (<u8>((first | 0x20) - 0x61) > 25) return true;
    return ((this.firsts >> first) & (this.thirds >> load<u8>(name, 2)) & 1) != 0;
  }

  owns(bytes: Uint8Array, from: i32, to: i32): bool {
    const start = tokenStart(bytes, from, to);
    const end = tokenEnd(bytes, start, to);
    if (start == end) return false;
    const name = bytes.dataStart + start;
    const length = end - start;
    let pattern = this.patterns.start;
    const last = pattern + this.patterns.length;
    while (pattern < last) {
      const size = <i32>load<u8>(pattern);
      const fits = load<u8>(pattern, 1) != 0 ? length >= size : length == size;
      if (fits && isFolded(name, pattern + 2, size)) return true;
      pattern += 2 + size;
    }
    return false;
  }
}

/** True when the bytes name `header` (lower-case ASCII) under any alias. */
export function isAliasOf(bytes: Uint8Array, from: i32, to: i32, header: Uint8Array): bool {
  // Most names are shorter, or are longer and begin with another letter.
  if (to - from < header.length) return false;
  const start = tokenStart(bytes, from, to);
  const end = tokenEnd(bytes, start, to);
  return end - start == header.length && hasPrefix(bytes, start, end, header);
}

function tokenStart(bytes: Uint8Array, from: i32, to: i32): i32 {
  let start = from;
  while (start < to && !isTokenChar(byteAt(bytes, start))) start++;
  return start;
}

function tokenEnd(bytes: Uint8Array, from: i32, to: i32): i32 {
  let end = to;
  while (end > from && !isTokenChar(byteAt(bytes, end - 1))) end--;
  return end;
}

function hasPrefix(bytes: Uint8Array, from: i32, to: i32, prefix: Uint8Array): bool {
  const length = prefix.length;
  if (from < 0 || to > bytes.length || to - from < length) return false;
  return isFolded(bytes.dataStart + from, prefix.dataStart, length);
}

function isFolded(name: usize, wanted: usize, length: i32): bool {
  for (let i = 0; i < length; i++) if (fold(load<u8>(name + i)) != fold(load<u8>(wanted + i))) return false;
  return true;
}

function fold(code: u8): u8 {
  return code == 0x5f ? 0x2d : lower(code);
}

/** Of all that folds to the same: letters of both cases are one in their low five bits. */
function bits(code: u8): u32 {
  return ((<u32>1) << (code & 31)) | (fold(code) == 0x2d ? HYPHENS : 0);
}
