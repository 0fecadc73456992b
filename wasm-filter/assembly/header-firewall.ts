/**
 * Which header names are ours alone (DESIGN §5). In comes a name as bytes, out goes whether it is owned under any alias:
 * letter case, `_` for `-` (CGI and WSGI read both as one), and bytes around the name that are no token. No effects.
 */
import { byteAt, isTokenChar, lower } from "./ascii";

class Pattern {
  constructor(
    public name: Uint8Array,
    public isPrefix: bool,
  ) {}
}

export class OwnedHeaders {
  private patterns: Pattern[] = [];
  /** Bit per first letter: most names need no comparison. */
  private firsts: u32 = 0;

  /** `pattern` is a lower-case name, or a prefix followed by `*`. */
  add(pattern: string): void {
    const isPrefix = pattern.endsWith("*");
    const text = isPrefix ? pattern.slice(0, pattern.length - 1) : pattern;
    const name = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) name[i] = fold(<u8>text.charCodeAt(i));
    this.patterns.push(new Pattern(name, isPrefix));
    this.firsts |= name.length == 0 ? 0xffffffff : bit(name[0]);
  }

  owns(bytes: Uint8Array, from: i32, to: i32): bool {
    const start = tokenStart(bytes, from, to);
    const end = tokenEnd(bytes, start, to);
    if (start == end || (this.firsts & bit(fold(byteAt(bytes, start)))) == 0) return false;
    for (let i = 0; i < this.patterns.length; i++) if (matches(this.patterns[i], bytes, start, end)) return true;
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

function matches(pattern: Pattern, bytes: Uint8Array, from: i32, to: i32): bool {
  return (pattern.isPrefix || to - from == pattern.name.length) && hasPrefix(bytes, from, to, pattern.name);
}

function hasPrefix(bytes: Uint8Array, from: i32, to: i32, prefix: Uint8Array): bool {
  const length = prefix.length;
  if (from < 0 || to > bytes.length || to - from < length) return false;
  const start = bytes.dataStart + from;
  const wanted = prefix.dataStart;
  for (let i = 0; i < length; i++) if (fold(load<u8>(start + i)) != fold(load<u8>(wanted + i))) return false;
  return true;
}

function fold(code: u8): u8 {
  return code == 0x5f ? 0x2d : lower(code);
}

function bit(code: u8): u32 {
  return (<u32>1) << (code & 31);
}
