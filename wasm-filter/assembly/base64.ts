/**
 * Base64 and base64url (RFC 4648 §4, §5), strict: one text for one byte string. Wrong alphabet, wrong or missing padding,
 * white space and set spare bits are refused, since a lenient decoder lets two texts mean one signature. No effects.
 */

import { byteAt } from "./ascii";
import { ByteWriter } from "./byte-writer";

/** How a text is written: with `+/` and padding, or with `-_` and none. */
export const STANDARD: bool = false;
export const URL_SAFE: bool = true;

const REFUSED: u32 = 0xff;

/** The bytes, or null when the text from `from` to `to` is not the one canonical spelling. */
export function decodeBase64(text: Uint8Array, from: i32, to: i32, url: bool): Uint8Array | null {
  if (from < 0 || to > text.length || from > to) return null;
  let end = to;
  if (!url) {
    if ((to - from) % 4 != 0) return null;
    while (end > from && to - end < 2 && text[end - 1] == 0x3d) end--;
  }
  const length = end - from;
  const spare = length % 4;
  if (spare == 1) return null;
  const out = new Uint8Array((length >> 2) * 3 + (spare == 0 ? 0 : spare - 1));
  let bits: u32 = 0;
  let count = 0;
  const source = text.dataStart;
  let target = out.dataStart;
  for (let i = from; i < end; i++) {
    const digit = digitOf(load<u8>(source + i), url);
    if (digit == REFUSED) return null;
    bits = (bits << 6) | digit;
    count += 6;
    if (count >= 8) {
      count -= 8;
      // As many bytes as there is room for: `out` was made for them.
      store<u8>(target++, <u8>(bits >> count));
      bits &= (1 << count) - 1;
    }
  }
  return bits == 0 ? out : null;
}

/** True when every byte from `from` to `to` is of the base64url alphabet. */
export function isBase64Url(text: Uint8Array, from: i32, to: i32): bool {
  if (from < 0 || to > text.length) return false;
  const start = text.dataStart;
  for (let i = from; i < to; i++) if (digitOf(load<u8>(start + i), URL_SAFE) == REFUSED) return false;
  return true;
}

/** Standard alphabet with padding, as RFC 9651 §4.1.8 writes byte sequences. */
export function writeBase64(out: ByteWriter, data: Uint8Array): void {
  const length = data.length;
  let at = out.extend(((length + 2) / 3) * 4);
  for (let i = 0; i < length; i += 3, at += 4) {
    const bits = ((<u32>byteAt(data, i)) << 16) | ((<u32>byteAt(data, i + 1)) << 8) | byteAt(data, i + 2);
    store<u8>(at, charOf((bits >> 18) & 63));
    store<u8>(at, charOf((bits >> 12) & 63), 1);
    store<u8>(at, i + 1 < length ? charOf((bits >> 6) & 63) : 0x3d, 2);
    store<u8>(at, i + 2 < length ? charOf(bits & 63) : 0x3d, 3);
  }
}

function digitOf(code: u8, url: bool): u32 {
  if (code >= 0x41 && code <= 0x5a) return code - 0x41;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61 + 26;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 52;
  if (code == (url ? 0x2d : 0x2b)) return 62;
  if (code == (url ? 0x5f : 0x2f)) return 63;
  return REFUSED;
}

function charOf(digit: u32): u8 {
  if (digit < 26) return <u8>(0x41 + digit);
  if (digit < 52) return <u8>(0x61 + digit - 26);
  if (digit < 62) return <u8>(0x30 + digit - 52);
  return digit == 62 ? 0x2b : 0x2f;
}
