/**
 * SHA-256 (FIPS 180-4). In come bytes, out goes their digest; the state is 32 bytes of the caller's, so that a keyed
 * start can be kept (hmac-sha256.ts). No effects; the message schedule is one static scratch, used within one call.
 */

/** Bytes of a digest and of a state. */
export const DIGEST_BYTES: i32 = 32;
export const BLOCK_BYTES: i32 = 64;

const ROUNDS = memory.data<u32>([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

const START = memory.data<u32>([
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
]);

const SCHEDULE = memory.data(256);
const PADDED = memory.data(128);

/** Digest of all of `data`. */
export function sha256(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(DIGEST_BYTES);
  start(out.dataStart);
  finish(out.dataStart, data.dataStart, data.length, 0, out.dataStart);
  return out;
}

/** Puts the initial hash value into the 32 bytes at `state`. */
export function start(state: usize): void {
  memory.copy(state, START, DIGEST_BYTES);
}

/**
 * Absorbs the last `length` bytes at `data`, pads, and writes the big-endian digest to `out` (may be `state`).
 * `before` = bytes absorbed earlier; a multiple of 64. `state` is spent afterwards.
 */
export function finish(state: usize, data: usize, length: i32, before: i32, out: usize): void {
  let at = 0;
  while (length - at >= BLOCK_BYTES) {
    compress(state, data + at);
    at += BLOCK_BYTES;
  }
  const rest = length - at;
  const size = rest < 56 ? 64 : 128;
  memory.copy(PADDED, data + at, rest);
  memory.fill(PADDED + rest, 0, size - rest);
  store<u8>(PADDED + rest, 0x80);
  const bits = (<u64>before + <u64>length) << 3;
  store<u64>(PADDED + size - 8, bswap<u64>(bits));
  compress(state, PADDED);
  if (size == 128) compress(state, PADDED + 64);
  for (let i = 0; i < DIGEST_BYTES; i += 4) store<u32>(out + i, bswap<u32>(load<u32>(state + i)));
}

/** One block of 64 bytes (FIPS 180-4 §6.2.2). */
export function compress(state: usize, block: usize): void {
  for (let i = 0; i < 64; i += 4) store<u32>(SCHEDULE + i, bswap<u32>(load<u32>(block + i)));
  for (let i: usize = 64; i < 256; i += 4) {
    const w15 = load<u32>(SCHEDULE + i - 60);
    const w2 = load<u32>(SCHEDULE + i - 8);
    const s0 = rotr<u32>(w15, 7) ^ rotr<u32>(w15, 18) ^ (w15 >>> 3);
    const s1 = rotr<u32>(w2, 17) ^ rotr<u32>(w2, 19) ^ (w2 >>> 10);
    store<u32>(SCHEDULE + i, load<u32>(SCHEDULE + i - 64) + s0 + load<u32>(SCHEDULE + i - 28) + s1);
  }
  let a = load<u32>(state, 0);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let f = load<u32>(state, 20);
  let g = load<u32>(state, 24);
  let h = load<u32>(state, 28);
  for (let i: usize = 0; i < 256; i += 4) {
    const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const t1 = h + s1 + (g ^ (e & (f ^ g))) + load<u32>(ROUNDS + i) + load<u32>(SCHEDULE + i);
    const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const t2 = s0 + ((a & b) | (c & (a | b)));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  store<u32>(state, load<u32>(state, 0) + a, 0);
  store<u32>(state, load<u32>(state, 4) + b, 4);
  store<u32>(state, load<u32>(state, 8) + c, 8);
  store<u32>(state, load<u32>(state, 12) + d, 12);
  store<u32>(state, load<u32>(state, 16) + e, 16);
  store<u32>(state, load<u32>(state, 20) + f, 20);
  store<u32>(state, load<u32>(state, 24) + g, 24);
  store<u32>(state, load<u32>(state, 28) + h, 28);
}
