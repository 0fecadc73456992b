/**
 * SipHash-1-3 (Aumasson and Bernstein, 2012) under a key of this VM's own: who chooses what is hashed cannot choose what
 * collides. In come bytes in raw memory, out goes a 64-bit hash. A hash only finds a bucket; equality is of all bytes.
 * Effects: randomness for the key; the state between `begin` and `end` is one for the VM.
 */
import { randomFill } from "proxy-wasm-sdk-as/assembly";

let hasKey: bool = false;
let k0: u64 = 0;
let k1: u64 = 0;
let v0: u64 = 0;
let v1: u64 = 0;
let v2: u64 = 0;
let v3: u64 = 0;
/** All ones; fewer in the test build that makes everything collide. */
let mask: u64 = u64.MAX_VALUE;

/** Chooses the key, once in the life of this VM; false when the host has no randomness. */
export function makeHashKey(): bool {
  if (hasKey) return true;
  const key = new Uint8Array(16);
  hasKey = randomFill(key);
  k0 = load<u64>(key.dataStart);
  k1 = load<u64>(key.dataStart, 8);
  return hasKey;
}

/** For the test build alone. */
export function maskHashes(bits: u64): void {
  mask = bits;
}

/** Hashes `words` times eight bytes; each `hashEnd` after it goes on from here. */
export function hashBegin(at: usize, words: u32): void {
  let a = k0 ^ 0x736f6d6570736575;
  let b = k1 ^ 0x646f72616e646f6d;
  let c = k0 ^ 0x6c7967656e657261;
  let d = k1 ^ 0x7465646279746573;
  for (const end = at + (words << 3); at < end; at += 8) {
    const word = load<u64>(at);
    d ^= word;
    a += b;
    b = rotl<u64>(b, 13) ^ a;
    a = rotl<u64>(a, 32);
    c += d;
    d = rotl<u64>(d, 16) ^ c;
    a += d;
    d = rotl<u64>(d, 21) ^ a;
    c += b;
    b = rotl<u64>(b, 17) ^ c;
    c = rotl<u64>(c, 32);
    a ^= word;
  }
  v0 = a;
  v1 = b;
  v2 = c;
  v3 = d;
}

/** The hash of what `hashBegin` took, with `length` bytes behind it. */
export function hashEnd(at: usize, length: u32): u64 {
  let a = v0;
  let b = v1;
  let c = v2;
  let d = v3;
  const rest = length & 7;
  const end = at + length - rest;
  let last = (<u64>length) << 56;
  for (let i: u32 = 0; i < rest; i++) last |= (<u64>load<u8>(end + i)) << (i << 3);
  // The whole words, the last one with the length, and three rounds without any.
  for (let after = 0; after < 4; ) {
    let word: u64 = 0;
    if (at < end) word = load<u64>(at);
    else {
      if (after == 0) word = last;
      else if (after == 1) c ^= 0xff;
      after++;
    }
    at += 8;
    d ^= word;
    a += b;
    b = rotl<u64>(b, 13) ^ a;
    a = rotl<u64>(a, 32);
    c += d;
    d = rotl<u64>(d, 16) ^ c;
    a += d;
    d = rotl<u64>(d, 21) ^ a;
    c += b;
    b = rotl<u64>(b, 17) ^ c;
    c = rotl<u64>(c, 32);
    a ^= word;
  }
  return (a ^ b ^ c ^ d) & mask;
}
