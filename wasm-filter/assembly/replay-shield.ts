/**
 * Each stamp passes once. In come a verified stamp's key id, nonce and end, out goes whether it is new. Effects: shared data of
 * all workers, by compare-and-set. The store is a fixed number of shards with a fixed number of places: what does not fit
 * is refused, since an old stamp that was forgotten too early would pass again.
 *
 * A shard is a list of places: 12 bytes of SHA-256 over key id and nonce, then the last second of the stamp, little endian.
 * Shards are made when the plugin is configured, which the main thread does before any worker: at a request there is no
 * first write, and so none that two workers could do at once.
 */
import { getSharedData, Status, setSharedData } from "proxy-wasm-sdk-as/assembly";
import { bytesOf, decimal } from "./ascii";
import { sha256 } from "./sha256";

export const FRESH: i32 = 0;
export const SEEN: i32 = 1;
export const FULL: i32 = 2;
/** The host did not do as told. */
export const BROKEN: i32 = 3;

const PLACE: i32 = 16;
const MARK: i32 = 12;
/** Places that shards hold on average when `entries` are in, and at most: eight standard deviations more. */
const USUAL: i32 = 64;
const MOST: i32 = 128;
/** Another worker can win only by storing: sixteen losses in a row are a fault. */
const ATTEMPTS: i32 = 16;

export class ReplayShield {
  private shards: u32;
  private prefix: string;

  constructor(zone: string, entries: i32) {
    const shards = <u32>max((entries + USUAL - 1) / USUAL, 1);
    this.shards = shards;
    this.prefix = `countersign.replay.${zone}.${decimal(shards)}.`;
  }

  /** Makes what is missing of the store; false when the host refuses. */
  open(): bool {
    for (let shard: u32 = 0; shard < this.shards; shard++) {
      const name = this.prefix + decimal(shard);
      const found = getSharedData(name).status;
      if (found == Status.Ok) continue;
      if (found != Status.NotFound || setSharedData(name, new Uint8Array(PLACE)) != Status.Ok) return false;
    }
    return true;
  }

  /** `last` = the last second at which the stamp holds. Times in seconds. */
  take(keyId: string, nonce: string, last: i64, now: i64): i32 {
    const mark = sha256(bytesOf(keyId + "\0" + nonce));
    const name = this.prefix + decimal(load<u32>(mark.dataStart + MARK) % this.shards);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stored = getSharedData(name);
      const old = stored.value;
      if (old === null || old.length % PLACE != 0) return BROKEN;
      const kept = new Uint8Array(old.length + PLACE);
      let end = 0;
      for (let at = 0; at < old.length; at += PLACE) {
        if (<i64>load<u32>(old.dataStart + at + MARK) < now) continue;
        if (memory.compare(old.dataStart + at, mark.dataStart, MARK) == 0) return SEEN;
        memory.copy(kept.dataStart + end, old.dataStart + at, PLACE);
        end += PLACE;
      }
      if (end >= MOST * PLACE) return FULL;
      memory.copy(kept.dataStart + end, mark.dataStart, MARK);
      store<u32>(kept.dataStart + end + MARK, <u32>min(last, <i64>u32.MAX_VALUE));
      const status = setSharedData(name, kept.subarray(0, end + PLACE), stored.cas);
      if (status == Status.Ok) return FRESH;
      if (status != Status.CasMismatch) return BROKEN;
    }
    return BROKEN;
  }
}
