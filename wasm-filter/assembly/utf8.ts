/** UTF-8 as RFC 3629 has it: no overlong form, no surrogate, nothing above U+10FFFF. No effects. */
import { byteAt } from "./ascii";

/** Bytes of the one character at `at`; 0 when what stands there is not UTF-8. */
export function utf8Length(bytes: Uint8Array, at: i32): i32 {
  const first = byteAt(bytes, at);
  if (first < 0x80) return at < bytes.length ? 1 : 0;
  const second = byteAt(bytes, at + 1);
  if (first < 0xc2 || first > 0xf4 || !isContinuation(second)) return 0;
  if (first < 0xe0) return 2;
  if (!isContinuation(byteAt(bytes, at + 2))) return 0;
  if (first < 0xf0) {
    if (first == 0xe0 && second < 0xa0) return 0;
    return first == 0xed && second > 0x9f ? 0 : 3;
  }
  if (!isContinuation(byteAt(bytes, at + 3))) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  return first == 0xf4 && second > 0x8f ? 0 : 4;
}

function isContinuation(code: u8): bool {
  return (code & 0xc0) == 0x80;
}
