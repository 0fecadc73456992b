/**
 * The two forms of an ECDSA P-256 signature: 64 bytes r‖s (RFC 9421 §3.3.4) and DER `SEQUENCE { r, s }` (RFC 3279 §2.2.3), which
 * is all that the host's crypto speaks. In comes one, out goes the other, or nothing for what is not exactly that. No effects.
 */
import { byteAt } from "./ascii";
import { ByteWriter } from "./byte-writer";

const HALF: i32 = 32;

/** Null unless `raw` has 64 bytes. */
export function toDer(raw: Uint8Array): Uint8Array | null {
  if (raw.length != 2 * HALF) return null;
  const body = new ByteWriter();
  writeInteger(body, raw, 0);
  writeInteger(body, raw, HALF);
  const out = new ByteWriter();
  out.byte(0x30);
  out.byte(<u8>body.length);
  out.bytes(body.take());
  return out.take();
}

/** Null unless `der` is the one encoding of two non-negative integers of up to 32 bytes. */
export function toRaw(der: Uint8Array): Uint8Array | null {
  if (byteAt(der, 0) != 0x30 || <i32>byteAt(der, 1) != der.length - 2) return null;
  const raw = new Uint8Array(2 * HALF);
  const middle = readInteger(der, 2, raw, HALF);
  if (middle < 0 || readInteger(der, middle, raw, 2 * HALF) != der.length) return null;
  return raw;
}

/** Minimal two's complement: no leading zeros but the one that keeps the number positive. */
function writeInteger(out: ByteWriter, raw: Uint8Array, from: i32): void {
  const end = from + HALF;
  let at = from;
  while (at < end - 1 && raw[at] == 0) at++;
  const pad = raw[at] >= 0x80;
  out.byte(0x02);
  out.byte(<u8>(end - at + (pad ? 1 : 0)));
  if (pad) out.byte(0);
  out.bytes(raw, at, end);
}

/** Writes the integer at `at` right-aligned before `end`; the place after it, or -1. */
function readInteger(der: Uint8Array, at: i32, raw: Uint8Array, end: i32): i32 {
  const length = <i32>byteAt(der, at + 1);
  let from = at + 2;
  const after = from + length;
  if (byteAt(der, at) != 0x02 || length == 0 || after > der.length || der[from] >= 0x80) return -1;
  if (length > 1 && der[from] == 0) {
    if (der[from + 1] < 0x80) return -1;
    from++;
  }
  if (after - from > HALF) return -1;
  for (let i = from; i < after; i++) raw[end - (after - i)] = der[i];
  return after;
}
