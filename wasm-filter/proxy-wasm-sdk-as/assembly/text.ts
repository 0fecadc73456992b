// Bytes to text and back. The decoder is strict: the standard library's accepts overlong forms, so that `C0 AF` would read
// as "/". Here each byte that is not part of well-formed UTF-8 (RFC 3629) becomes U+FFFD, and no two byte strings without
// U+FFFD read the same.

/** UTF-8 of a text, for calls that take bytes. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.wrap(String.UTF8.encode(text));
}

export function textOf(bytes: Uint8Array): string {
  return decode(bytes.dataStart, bytes.length);
}

/** Reads `length` bytes at `pointer`; the caller keeps the memory alive. */
export function decode(pointer: usize, length: i32): string {
  if (length == 0) return "";
  const room = __new((<usize>length) << 1, idof<String>());
  const text = changetype<string>(room);
  let units: i32 = 0;
  let at: i32 = 0;
  while (at < length) {
    const first = <u32>load<u8>(pointer + at);
    const size = first < 0x80 ? 1 : sequence(pointer + at, length - at);
    if (size <= 1) {
      put(room, units++, size == 1 ? first : 0xfffd);
      at += 1;
      continue;
    }
    let code: u32 = first & (0x7f >> size);
    for (let i = 1; i < size; i++) code = (code << 6) | (<u32>load<u8>(pointer + at + i) & 0x3f);
    at += size;
    if (code >= 0x10000) {
      put(room, units++, 0xd7c0 + (code >> 10));
      put(room, units++, 0xdc00 | (code & 0x3ff));
    } else {
      put(room, units++, code);
    }
  }
  return units == length ? text : text.substring(0, units);
}

function put(room: usize, index: i32, unit: u32): void {
  store<u16>(room + ((<usize>index) << 1), <u16>unit);
}

/** Length of the well-formed multi-byte sequence here, 0 if there is none (RFC 3629 §4). */
function sequence(pointer: usize, left: i32): i32 {
  const first = load<u8>(pointer);
  const size = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (size == 0 || size > left) return 0;
  const second = load<u8>(pointer + 1);
  const low: u8 = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const high: u8 = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < size; i++) if ((load<u8>(pointer + i) & 0xc0) != 0x80) return 0;
  return size;
}
