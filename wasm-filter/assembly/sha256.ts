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

/**
 * One block of 64 bytes (FIPS 180-4 §6.2.2). Written out for engines that put nothing in the place of a call: two words of the
 * schedule and four rounds at a time, in which the names move on and not the values.
 */
export function compress(state: usize, block: usize): void {
  for (let i = 0; i < 64; i += 8) {
    const v = load<u64>(block + i);
    const x = ((v & 0x00ff00ff00ff00ff) << 8) | ((v >> 8) & 0x00ff00ff00ff00ff);
    store<u64>(SCHEDULE + i, ((x & 0x0000ffff0000ffff) << 16) | ((x >> 16) & 0x0000ffff0000ffff));
  }
  let w2a = load<u32>(SCHEDULE, 56);
  let w2b = load<u32>(SCHEDULE, 60);
  let w15 = load<u32>(SCHEDULE, 0);
  for (let at = SCHEDULE; at < SCHEDULE + 192; at += 8) {
    const n1 = load<u32>(at, 4);
    const r0 =
      w15 +
      (rotr<u32>(n1, 7) ^ rotr<u32>(n1, 18) ^ (n1 >>> 3)) +
      load<u32>(at, 36) +
      (rotr<u32>(w2a, 17) ^ rotr<u32>(w2a, 19) ^ (w2a >>> 10));
    const n2 = load<u32>(at, 8);
    const r1 =
      n1 +
      (rotr<u32>(n2, 7) ^ rotr<u32>(n2, 18) ^ (n2 >>> 3)) +
      load<u32>(at, 40) +
      (rotr<u32>(w2b, 17) ^ rotr<u32>(w2b, 19) ^ (w2b >>> 10));
    store<u32>(at, r0, 64);
    store<u32>(at, r1, 68);
    w2a = r0;
    w2b = r1;
    w15 = n2;
  }
  let a = load<u32>(state, 0);
  let b = load<u32>(state, 4);
  let c = load<u32>(state, 8);
  let d = load<u32>(state, 12);
  let e = load<u32>(state, 16);
  let f = load<u32>(state, 20);
  let g = load<u32>(state, 24);
  let h = load<u32>(state, 28);
  let k = ROUNDS;
  let x = b ^ c;
  let y: u32 = 0;
  for (let w = SCHEDULE; w < SCHEDULE + 256; w += 16, k += 16) {
    h +=
      (rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)) + (g ^ (e & (f ^ g))) + load<u32>(k, 0) + load<u32>(w, 0);
    d += h;
    y = a ^ b;
    h += (rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)) + (b ^ (x & y));
    x = y;
    g +=
      (rotr<u32>(d, 6) ^ rotr<u32>(d, 11) ^ rotr<u32>(d, 25)) + (f ^ (d & (e ^ f))) + load<u32>(k, 4) + load<u32>(w, 4);
    c += g;
    y = h ^ a;
    g += (rotr<u32>(h, 2) ^ rotr<u32>(h, 13) ^ rotr<u32>(h, 22)) + (a ^ (x & y));
    x = y;
    f +=
      (rotr<u32>(c, 6) ^ rotr<u32>(c, 11) ^ rotr<u32>(c, 25)) + (e ^ (c & (d ^ e))) + load<u32>(k, 8) + load<u32>(w, 8);
    b += f;
    y = g ^ h;
    f += (rotr<u32>(g, 2) ^ rotr<u32>(g, 13) ^ rotr<u32>(g, 22)) + (h ^ (x & y));
    x = y;
    e +=
      (rotr<u32>(b, 6) ^ rotr<u32>(b, 11) ^ rotr<u32>(b, 25)) +
      (d ^ (b & (c ^ d))) +
      load<u32>(k, 12) +
      load<u32>(w, 12);
    a += e;
    y = f ^ g;
    e += (rotr<u32>(f, 2) ^ rotr<u32>(f, 13) ^ rotr<u32>(f, 22)) + (g ^ (x & y));
    x = y;
    let t = a;
    a = e;
    e = t;
    t = b;
    b = f;
    f = t;
    t = c;
    c = g;
    g = t;
    t = d;
    d = h;
    h = t;
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
