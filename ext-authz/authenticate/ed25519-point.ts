/**
 * Which 32 bytes are no Ed25519 point that a signature may stand on: points of order 1, 2, 4 or 8 (under such a key anybody
 * can make signatures; RFC 8032 §5.1, "Taming the many EdDSAs" §3) and encodings with y ≥ p. In: bytes. Out: yes or no. Pure.
 */

/** y of the points of small order, little-endian hex, the sign bit cleared. */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  // y = 0 (order 4), y = 1 (order 1), and p - 1 (order 2)
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  // the two y of order 8
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

export function isSmallOrderPoint(encoded: Uint8Array): boolean {
  const y = Buffer.from(encoded);
  y[31] = (y[31] ?? 0) & 0x7f;
  return SMALL_ORDER_Y.has(y.toString("hex")) || !isBelowP(y);
}

/** p = 2^255 - 19: only values whose upper 31 bytes are all ones can reach it. */
function isBelowP(y: Uint8Array): boolean {
  if (y[31] !== 0x7f || (y[0] ?? 0) < 0xed) return true;
  return y.subarray(1, 31).some((byte) => byte !== 0xff);
}
