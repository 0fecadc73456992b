/**
 * Nonces of stamps: 16 random bytes each, no two alike. Out goes the next one. Effect: the host's randomness, for many at once,
 * since a host call costs more than the bytes. A nonce is public once it is used; it only must not come twice.
 */
import { randomFill } from "proxy-wasm-sdk-as/assembly";

const NONCE_BYTES: i32 = 16;
const POOL_BYTES: i32 = 512;
const pool = new Uint8Array(POOL_BYTES);
let used: i32 = POOL_BYTES;

/** Good within this callback; null when the host has no randomness. */
export function nextNonce(): Uint8Array | null {
  if (used == POOL_BYTES) {
    if (!randomFill(pool)) return null;
    used = 0;
  }
  used += NONCE_BYTES;
  return pool.subarray(used - NONCE_BYTES, used);
}
