/**
 * Reads a JSON number that the reader has checked. In come bytes, out goes the double that every correct reader gets, or NaN
 * where that would take more than one rounding: times and limits are short, and what is in doubt is left to the server.
 */
import { byteAt, isDigit } from "./ascii";

/** Digits that a double holds exactly, and the largest power of ten that is one (2^53 > 10^15, 5^22 < 2^53). */
const MOST_DIGITS: i32 = 15;
const MOST_SCALE: i32 = 22;

export function exactNumber(source: Uint8Array, start: i32): f64 {
  let at = start;
  const negative = byteAt(source, at) == 0x2d;
  if (negative) at++;
  let digits: i64 = 0;
  let count = 0;
  let scale = 0;
  let inFraction = false;
  for (; ; at++) {
    const code = byteAt(source, at);
    if (code == 0x2e) inFraction = true;
    else if (!isDigit(code)) break;
    else {
      if (count > 0 || code != 0x30) count++;
      if (count > MOST_DIGITS) return NaN;
      digits = digits * 10 + (code - 0x30);
      if (inFraction) scale--;
    }
  }
  if ((byteAt(source, at) | 0x20) == 0x65) {
    const sign = byteAt(source, ++at);
    if (!isDigit(sign)) at++;
    let exponent = 0;
    for (; isDigit(byteAt(source, at)); at++) exponent = min(exponent * 10 + (byteAt(source, at) - 0x30), 10000);
    scale += sign == 0x2d ? -exponent : exponent;
  }
  if (scale > MOST_SCALE || scale < -MOST_SCALE) return digits == 0 ? 0 : NaN;
  let power: f64 = 1;
  for (let i = abs(scale); i > 0; i--) power *= 10;
  const value = scale < 0 ? <f64>digits / power : <f64>digits * power;
  return negative ? -value : value;
}
