/** The escapes of a JSON string (RFC 8259 §7). In come bytes that the reader has checked, out goes text. No effects. */
import { byteAt, hexDigit, textOf } from "./ascii";

/** The text between the quotes, from `start` to `end`. */
export function unescape(source: Uint8Array, start: i32, end: i32): string {
  let out = "";
  for (let at = start; at < end; ) {
    if (byteAt(source, at) != 0x5c) {
      let plain = at;
      while (plain < end && byteAt(source, plain) != 0x5c) plain++;
      out += textOf(source, at, plain);
      at = plain;
    } else if (byteAt(source, at + 1) == 0x75) {
      out += String.fromCharCode(escapedUnit(source, at + 2));
      at += 6;
    } else {
      out += String.fromCharCode(plainEscape(byteAt(source, at + 1)));
      at += 2;
    }
  }
  return out;
}

/** The UTF-16 unit that four hex digits at `at` spell, or -1. */
export function escapedUnit(source: Uint8Array, at: i32): i32 {
  let unit = 0;
  for (let i = at; i < at + 4; i++) {
    const digit = hexDigit(byteAt(source, i));
    if (digit < 0) return -1;
    unit = (unit << 4) | digit;
  }
  return unit;
}

/** The character that a backslash and `code` mean; 0 for none. */
export function plainEscape(code: u8): i32 {
  if (code == 0x22 || code == 0x5c || code == 0x2f) return code;
  if (code == 0x62) return 0x08;
  if (code == 0x66) return 0x0c;
  if (code == 0x6e) return 0x0a;
  if (code == 0x72) return 0x0d;
  return code == 0x74 ? 0x09 : 0;
}
