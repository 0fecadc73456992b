/**
 * Which header names are ours alone (DESIGN §5). In comes a name as bytes, out goes whether it is owned under any alias:
 * letter case, `_` for `-` (CGI and WSGI read both as one), and bytes around the name that are no token. No effects.
 */
import { byteAt, isTokenChar, lower } from "./ascii";
import { ByteWriter } from "./byte-writer";

export class OwnedHeaders {
  /** One behind the other: length, 1 for a prefix, the bytes. */
  private patterns: ByteWriter = new ByteWriter();
  /** Bit per first letter: most names need no comparison. */
  private firsts: u32 = 0;

  /** `pattern` is a lower-case name, or a prefix followed by `*`; 255 bytes at most. */
  add(pattern: string): void {
    const isPrefix = pattern.endsWith("*");
    const length = pattern.length - <i32>isPrefix;
    this.patterns.byte(<u8>length);
    this.patterns.byte(<u8>isPrefix);
    for (let i = 0; i < length; i++) this.patterns.byte(fold(<u8>pattern.charCodeAt(i)));
    this.firsts |= length == 0 ? 0xffffffff : bit(fold(<u8>pattern.charCodeAt(0)));
  }

  /** False where no name that begins with this byte is owned. */
  mayOwn(first: u8): bool {
    return (this.firsts & bit(fold(first))) != 0 || !isTokenChar(first);
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

function bit(code: u8): u32 {
  return (<u32>1) << (code & 31);
}
