/**
 * Grants in raw memory: a ring of records, newest over oldest, found by a table of hash buckets. In come records, out come
 * their addresses. Bounded by the bytes given at the start; nothing here is collected, and nothing grows.
 *
 * Invariant: a place is a count of bytes written since the start, so a record is whole exactly while no more than the ring's
 * size was written after its beginning. Chains go from newer to older: the first place that is overwritten, or older than
 * the last `dropAll`, ends one. So neither eviction nor dropping ever has to visit a record.
 */

/** Bytes for one request's key; a longer one is not kept. */
export const MOST_KEY: u32 = 16384;
/** Bytes of ring per bucket. */
const PER_BUCKET: u32 = 512;

/** Where a record keeps the next older place of its chain; the rest of it is grant-record.ts. */
const NEXT: usize = 0;

export class GrantStore {
  /** Where the next request's key is written. */
  scratch: usize = 0;
  private arena: usize = 0;
  private table: usize = 0;
  private ring: usize = 0;
  private size: u64 = 0;
  private buckets: u32 = 0;
  /** Bytes written so far; not 0, which is no place. */
  private head: u64 = 8;
  private floor: u64 = 8;

  /** Takes its memory: `bytes` in all, at least 65536. */
  open(bytes: u32): void {
    if (this.arena != 0) return;
    let buckets: u32 = 1;
    while (buckets * PER_BUCKET < bytes) buckets <<= 1;
    this.arena = heap.alloc(bytes);
    this.buckets = buckets;
    this.table = (this.arena + 7) & ~7;
    this.scratch = this.table + (buckets << 3);
    this.ring = this.scratch + MOST_KEY;
    this.size = <u64>((this.arena + bytes - this.ring) & ~7);
    memory.fill(this.table, 0, buckets << 3);
  }

  close(): void {
    if (this.arena != 0) heap.free(this.arena);
    this.arena = 0;
  }

  get isOpen(): bool {
    return this.arena != 0;
  }

  /** The newest place in the hash's chain; 0 = none. */
  first(hash: u64): u64 {
    return this.whole(load<u64>(this.bucket(hash)));
  }

  /** The next older place in the chain; 0 = none. */
  older(place: u64): u64 {
    return this.whole(load<u64>(this.at(place), NEXT));
  }

  /** The place again while its record is there, else 0. */
  whole(place: u64): u64 {
    return place >= this.floor && place + this.size >= this.head ? place : 0;
  }

  at(place: u64): usize {
    return this.ring + <usize>(place % this.size);
  }

  /** Room for a record of `length` bytes in that hash's chain, over the oldest ones; 0 when it would drive out too many. */
  add(hash: u64, length: u32): u64 {
    const room = (<u64>length + 7) & ~7;
    if (room > this.size >> 2) return 0;
    const offset = this.head % this.size;
    if (offset + room > this.size) this.head += this.size - offset;
    const place = this.head;
    this.head += room;
    const bucket = this.bucket(hash);
    store<u64>(this.at(place), load<u64>(bucket), NEXT);
    store<u64>(bucket, place);
    return place;
  }

  dropAll(): void {
    this.floor = this.head;
  }

  private bucket(hash: u64): usize {
    return this.table + ((<usize>hash & (this.buckets - 1)) << 3);
  }
}
