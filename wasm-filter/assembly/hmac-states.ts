/**
 * HMAC states behind the first blocks of messages that begin alike: a stamp's base begins with the token, which comes again
 * with each request of its bearer. In come a key's number, its state and the blocks; out goes the state behind them. Effects:
 * memory of fixed size. What is kept is compared byte by byte, so that a state is only ever used for the very same bytes.
 */
import { isSame } from "./grant-record";
import { BLOCK_BYTES, compress, DIGEST_BYTES } from "./sha256";

const SLOTS: u32 = 64;
/** Bytes that a slot remembers: tokens beyond that are hashed on from here. */
const MOST: u32 = 2048;
/** Fewer are hashed as fast as found. */
const LEAST: u32 = 128;
/** Bytes from the end that a slot is chosen by. */
const REACH: u32 = 264;
// A slot: number of the key, bytes, state, blocks.
const LENGTH: usize = 4;
const STATE: usize = 8;
const BLOCKS: usize = 40;
const SLOT_BYTES: u32 = <u32>BLOCKS + MOST;
/** An odd number without pattern: the golden ratio's. */
const SPREAD: u64 = 0x9e3779b97f4a7c15;

let slots: usize = 0;

/** Moves `state` behind whole blocks of the first `length` bytes at `at`: how many bytes those are. `key` is not 0. */
export function takeBlocks(key: u32, state: usize, at: usize, length: u32): u32 {
  const size = min(length, MOST) & ~(<u32>BLOCK_BYTES - 1);
  if (size < LEAST) return 0;
  if (slots == 0) {
    slots = heap.alloc(SLOTS * SLOT_BYTES);
    memory.fill(slots, 0, SLOTS * SLOT_BYTES);
  }
  // Tokens that begin alike differ in their signature, which stands before a method and an authority: words from the end on.
  let mixed: u64 = key;
  for (let back: u32 = 8; back < size && back <= REACH; back += 64)
    mixed = (mixed ^ load<u64>(at + size - back)) * SPREAD;
  const hash = <u32>(mixed >> 58);
  const slot = slots + <usize>(hash * SLOT_BYTES);
  if (load<u32>(slot) == key && load<u32>(slot, LENGTH) == size && isSame(slot + BLOCKS, at, size)) {
    memory.copy(state, slot + STATE, DIGEST_BYTES);
    return size;
  }
  for (let done: u32 = 0; done < size; done += BLOCK_BYTES) compress(state, at + done);
  store<u32>(slot, key);
  store<u32>(slot, size, LENGTH);
  memory.copy(slot + STATE, state, DIGEST_BYTES);
  memory.copy(slot + BLOCKS, at, size);
  return size;
}
