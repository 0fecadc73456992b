/**
 * Base64 and base64url (RFC 4648 §4, §5), strict: one text for one byte string. Wrong alphabet, wrong or missing padding,
 * white space and set spare bits are refused, since a lenient decoder lets two texts mean one signature. No effects.
 */

import { ByteWriter } from "./byte-writer";

/** How a text is written: with `+/` and padding, or with `-_` and none. */
export const STANDARD: bool = false;
export const URL_SAFE: bool = true;

const REFUSED: u32 = 0xff;
/** `A-Z`, `a-z`, `0-9`, `+`, `/`. */
const ALPHABET = memory.data<u8>([
  0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0x53,
  0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c,
  0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x30, 0x31, 0x32, 0x33, 0x34,
  0x35, 0x36, 0x37, 0x38, 0x39, 0x2b, 0x2f,
]);

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
  const start = data.dataStart;
  let at = out.extend(((length + 2) / 3) * 4);
  for (let i = 0; i < length; i += 3, at += 4) {
    const left = length - i;
    const byte = start + i;
    const second = left > 1 ? <u32>load<u8>(byte, 1) : 0;
    const third = left > 2 ? <u32>load<u8>(byte, 2) : 0;
    const bits = ((<u32>load<u8>(byte)) << 16) | (second << 8) | third;
    store<u8>(at, load<u8>(ALPHABET + (bits >> 18)));
    store<u8>(at, load<u8>(ALPHABET + ((bits >> 12) & 63)), 1);
    store<u8>(at, left > 1 ? load<u8>(ALPHABET + ((bits >> 6) & 63)) : 0x3d, 2);
    store<u8>(at, left > 2 ? load<u8>(ALPHABET + (bits & 63)) : 0x3d, 3);
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
