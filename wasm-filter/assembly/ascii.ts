/**
 * Bytes read as ASCII text: the few comparisons and classes that several parsers need. In come bytes and bounds, out
 * come answers; bounds are checked once, then bytes are read in place, since these run for every byte of a request. No effects.
 */
import { decode } from "proxy-wasm-sdk-as/assembly/text";

/** RFC 9110 §5.6.2 `tchar`: a bit for each of the codes 0 to 63, and 64 to 127. */
const TOKEN_LOW: u64 = 0x03ff6cfa00000000;
const TOKEN_HIGH: u64 = 0x57ffffffc7fffffe;

export function lower(code: u8): u8 {
  return code >= 0x41 && code <= 0x5a ? code + 32 : code;
}

export function isDigit(code: u8): bool {
  return code >= 0x30 && code <= 0x39;
}

/** 0 to 15, or -1. */
export function hexDigit(code: u8): i32 {
  if (isDigit(code)) return code - 0x30;
  const small = lower(code);
  return small >= 0x61 && small <= 0x66 ? small - 0x61 + 10 : -1;
}

/** RFC 9110 §5.6.2 `tchar`. */
export function isTokenChar(code: u8): bool {
  return code < 0x80 && (((code < 0x40 ? TOKEN_LOW : TOKEN_HIGH) >> (code & 63)) & 1) != 0;
}

/** RFC 9110 `OWS`. */
export function isBlank(code: u8): bool {
  return code == 0x20 || code == 0x09;
}

/** The byte at `at`, or 0 outside. */
export function byteAt(bytes: Uint8Array, at: i32): u8 {
  return <u32>at < <u32>bytes.length ? load<u8>(bytes.dataStart + at) : 0;
}

/** First place of `code` from `from` up to `to`, or -1. */
export function find(bytes: Uint8Array, code: u8, from: i32, to: i32): i32 {
  const start = bytes.dataStart;
  const end = min(to, bytes.length);
  for (let i = max(from, 0); i < end; i++) if (load<u8>(start + i) == code) return i;
  return -1;
}

/** True when the bytes from `from` to `to` spell the ASCII `text`. */
export function spells(bytes: Uint8Array, from: i32, to: i32, text: string): bool {
  return from >= 0 && to <= bytes.length && spellsAt(bytes.dataStart + from, to - from, text);
}

/** As `spells`, for `length` bytes in memory. */
export function spellsAt(start: usize, length: i32, text: string): bool {
  if (length != text.length) return false;
  const units = changetype<usize>(text);
  for (let i: usize = 0; i < <usize>length; i++) {
    if (<u16>load<u8>(start + i) != load<u16>(units + (i << 1))) return false;
  }
  return true;
}

/** First place where the ASCII `text` stands in `bytes`, or -1. `bytes` times `text` steps at most. */
export function findText(bytes: Uint8Array, text: string): i32 {
  for (let at = 0; at + text.length <= bytes.length; at++) if (spells(bytes, at, at + text.length, text)) return at;
  return -1;
}

/** The bytes from `from` to `to` as UTF-8 text, read strictly: what is none becomes U+FFFD. */
export function textOf(bytes: Uint8Array, from: i32, to: i32): string {
  if (from < 0 || to > bytes.length || from >= to) return "";
  return decode(bytes.dataStart + from, to - from);
}

/** Of a number that is not negative. */
export function decimal(value: i64): string {
  let text = String.fromCharCode(0x30 + <i32>(value % 10));
  for (value /= 10; value > 0; value /= 10) text = String.fromCharCode(0x30 + <i32>(value % 10)) + text;
  return text;
}

export function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

export function slice(bytes: Uint8Array, from: i32, to: i32): Uint8Array {
  if (from < 0 || to > bytes.length || from >= to) return new Uint8Array(0);
  return bytes.slice(from, to);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): bool {
  return a.length == b.length && memory.compare(a.dataStart, b.dataStart, a.length) == 0;
}
