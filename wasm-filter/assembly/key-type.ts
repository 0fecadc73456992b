/**
 * Whether a DER key is of the type that its algorithm names: the host takes any key that it can read, and a key of another
 * type must be a mistake that is told, not a stamp that never holds. In comes DER, out goes an answer. No effects.
 */
import { byteAt } from "./ascii";

/** Bytes of a SubjectPublicKeyInfo (RFC 5280 §4.1.2.7) with an RSA modulus of 2048 and of 4096 bits. */
const MIN_RSA: i32 = 292;
const MAX_RSA: i32 = 560;
const P256_SPKI: i32 = 91;
/** Where an algorithm's identifier can start; PKCS#8 (RFC 5958) puts a version before it. */
const FIRST_BYTES: i32 = 16;

/** 1.2.840.10045.2.1 with 1.2.840.10045.3.1.7 (RFC 5480 §2.1.1). */
const EC = memory.data<u8>([
  0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
  0x01, 0x07,
]);
const EC_BYTES: i32 = 21;
/** 1.2.840.113549.1.1.1 with NULL (RFC 3279 §2.3.1). */
const RSA = memory.data<u8>([0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]);
const RSA_BYTES: i32 = 15;

/** `spki`: RFC 5280 SubjectPublicKeyInfo. */
export function isKeyOf(spki: Uint8Array, isEc: bool): bool {
  const sized = isEc ? spki.length == P256_SPKI : spki.length >= MIN_RSA && spki.length <= MAX_RSA;
  return sized && names(spki, isEc);
}

export function isPrivateKeyOf(pkcs8: Uint8Array, isEc: bool): bool {
  return names(pkcs8, isEc);
}

function names(der: Uint8Array, isEc: bool): bool {
  const wanted = isEc ? EC : RSA;
  const length = isEc ? EC_BYTES : RSA_BYTES;
  if (byteAt(der, 0) != 0x30) return false;
  for (let at = 1; at < FIRST_BYTES && at + length <= der.length; at++) {
    if (memory.compare(der.dataStart + at, wanted, length) == 0) return true;
  }
  return false;
}
