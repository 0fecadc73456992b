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
    let start = from;
    let end = to;
    while (start < end && !isTokenChar(byteAt(bytes, start))) start++;
    while (end > start && !isTokenChar(byteAt(bytes, end - 1))) end--;
    if (start == end || (this.firsts & bit(fold(byteAt(bytes, start)))) == 0) return false;
    for (let i = 0; i < this.patterns.length; i++) if (matches(this.patterns[i], bytes, start, end)) return true;
    return false;
  }
}

/** True when the bytes name `header` (lower-case ASCII) under any alias. */
export function isAliasOf(bytes: Uint8Array, from: i32, to: i32, header: Uint8Array): bool {
  let start = from;
  let end = to;
  while (start < end && !isTokenChar(byteAt(bytes, start))) start++;
  while (end > start && !isTokenChar(byteAt(bytes, end - 1))) end--;
  return end - start == header.length && hasPrefix(bytes, start, end, header);
}

function matches(pattern: Pattern, bytes: Uint8Array, from: i32, to: i32): bool {
  return (pattern.isPrefix || to - from == pattern.name.length) && hasPrefix(bytes, from, to, pattern.name);
}

function hasPrefix(bytes: Uint8Array, from: i32, to: i32, prefix: Uint8Array): bool {
  if (to - from < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (fold(byteAt(bytes, from + i)) != fold(prefix[i])) return false;
  return true;
}

function fold(code: u8): u8 {
  return code == 0x5f ? 0x2d : lower(code);
}

function bit(code: u8): u32 {
  return (<u32>1) << (code & 31);
}
