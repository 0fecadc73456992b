/**
 * A first shield against floods: token buckets by client address or by token. In comes a key and the time, out goes whether
 * the request may pass. Effects: shared data of all workers, by compare-and-set; a fixed number of buckets.
 *
 * Keys that fall on one bucket share it: memory stays bounded whatever clients send, at the price of refusing too much, never
 * too little. A bucket is its tokens in thousandths and the millisecond when they were counted.
 */

import { getSharedData, Status, setSharedData } from "proxy-wasm-sdk-as/assembly";
import { decimal } from "./ascii";
import { sha256 } from "./sha256";

export const BY_SOURCE: bool = false;
export const BY_TOKEN: bool = true;

const BUCKET: i32 = 12;
/** Losses in a row to other workers; then the bucket is busy enough to refuse. */
const ATTEMPTS: i32 = 16;

export class RateLimit {
  by: bool = BY_SOURCE;
  requestsPerSecond: i64 = 0;
  burst: i64 = 0;
  buckets: u32 = 4096;
  prefix: string = "";

  /** `now` in milliseconds. */
  allows(key: Uint8Array, now: i64): bool {
    const name = this.prefix + decimal(load<u32>(sha256(key).dataStart) % this.buckets);
    const full = this.burst * 1000;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const stored = getSharedData(name);
      const old = stored.value;
      if (old === null && stored.status != Status.NotFound) return false;
      let tokens = full;
      if (old !== null && old.length == BUCKET) {
        // A clock that went back adds nothing.
        const passed = max(now - load<i64>(old.dataStart + 4), 0);
        const grown = passed > 3600000 ? full : passed * this.requestsPerSecond;
        tokens = min(<i64>load<u32>(old.dataStart) + grown, full);
      }
      if (tokens < 1000) return false;
      const next = new Uint8Array(BUCKET);
      store<u32>(next.dataStart, <u32>(tokens - 1000));
      store<i64>(next.dataStart + 4, now);
      const status = setSharedData(name, next, stored.cas);
      if (status == Status.Ok) return true;
      if (status != Status.CasMismatch) return false;
    }
    return false;
  }
}

/** `10.0.0.1` of `10.0.0.1:4711`, `[::1]` of `[::1]:4711`. */
export function withoutPort(address: Uint8Array): Uint8Array {
  let end = address.length;
  while (end > 0 && address[end - 1] != 0x3a) end--;
  return end == 0 ? address : address.subarray(0, end - 1);
}
