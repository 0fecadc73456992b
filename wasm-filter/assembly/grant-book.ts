/**
 * The grants that are kept, by what they hold for. In come requests, and grants that were found good; out go records. Effects:
 * memory of the store, host calls for the connection's number.
 */
import { getPropertyAt, monotonicNow } from "proxy-wasm-sdk-as/assembly";
import { bytesOf } from "./ascii";
import { hashBegin, hashEnd, makeHashKey } from "./grant-hash";
import { writeKey } from "./grant-key";
import {
  covers,
  HASH,
  holds,
  isSame,
  KEY,
  KEY_LENGTH,
  REFRESH_FROM,
  recordCovers,
  recordLength,
  UNTIL,
  WALL_FROM,
  WALL_UNTIL,
  writeRecord,
} from "./grant-record";
import { GrantRequest } from "./grant-request";
import { Shape, Shapes, SLOTS } from "./grant-shape";
import { GrantStore } from "./grant-store";
import { GrantText } from "./grant-text";

const CONNECTION = bytesOf("connection\0id");
const MILLISECOND: u64 = 1000000;
/** Of one hash's chain: more is not looked at. */
const MOST_STEPS: i32 = 64;

export class GrantBook {
  private store: GrantStore = new GrantStore();
  private shapes: Shapes = new Shapes();
  private closed: bool = false;

  constructor(private maxBytes: u32) {}

  /** Whether anything was ever kept. */
  get isOpen(): bool {
    return this.store.isOpen;
  }

  /** Scratch memory, for whoever is done with a key. */
  get scratch(): usize {
    return this.store.scratch;
  }

  /** The record's address; good until the next grant is kept. */
  at(place: u64): usize {
    return this.store.at(place);
  }

  dropAll(): void {
    this.store.dropAll();
    this.shapes.clear();
  }

  /** What is still under way keeps nothing. */
  close(): void {
    this.closed = true;
    this.store.close();
  }

  /** The record at that place ends now, if it is still there. */
  end(place: u64): void {
    if (!this.store.isOpen || place == 0) return;
    const whole = this.store.whole(place);
    if (whole != 0) store<u64>(this.store.at(whole), 0, UNTIL);
  }

  /** A grant that holds for the request; 0 = none. */
  find(request: GrantRequest): u64 {
    if (!this.store.isOpen) return 0;
    const shapes = this.shapes.all;
    for (let i = 0; i < shapes.length; i++) {
      const shape = shapes[i];
      const begin = this.store.scratch;
      const tail = writeKey(begin, request, shape, connectionFor(shape, request));
      if (tail == 0) continue;
      hashBegin(begin, <u32>(tail - begin) >> 3);
      for (let slot = 0; slot < SLOTS; slot++) {
        if (shape.until[slot] <= request.monotonic) continue;
        const length = slot == 0 ? request.pathLength : shape.lengths[slot];
        if (length > request.pathLength) continue;
        store<u8>(tail, slot == 0 ? 0 : 1);
        const place = this.search(hashEnd(tail, length + 1), <u32>(tail - begin) + 1 + length, request);
        if (place == 0) continue;
        request.vouched = shape.readsToken;
        return place;
      }
    }
    return 0;
  }

  /** A grant that holds now, with the key in the scratch memory. */
  private search(hash: u64, keyLength: u32, request: GrantRequest): u64 {
    const grants = this.store;
    let steps = MOST_STEPS;
    for (let place = grants.first(hash); place != 0 && steps > 0; place = grants.older(place), steps--) {
      const record = grants.at(place);
      if (load<u64>(record, HASH) != hash || load<u32>(record, KEY_LENGTH) != keyLength) continue;
      if (!isSame(record + KEY, grants.scratch, keyLength)) continue;
      if (!holds(record, request.monotonic, request.wall)) continue;
      if (recordCovers(record, request.path, request.pathLength)) return place;
    }
    return 0;
  }

  /** False when it cannot be kept. `text` was read well, and its epoch holds. */
  keep(request: GrantRequest, text: GrantText): bool {
    if (!isOfPath(text, request)) return false;
    const now = monotonicNow();
    // From when the request came: the server cannot have decided before.
    const span = <u64>text.milliseconds * MILLISECOND;
    const until = request.monotonic + span;
    if (until <= now || !this.open()) return false;
    const shape = this.shapes.of(text.bytes.subarray(text.vary, text.varyEnd), now);
    if (shape === null) return false;
    const length = <u32>(text.pathEnd - text.path);
    const slot = shape.slot(text.exact, length, now);
    if (slot < 0) return false;
    const begin = this.store.scratch;
    const tail = writeKey(begin, request, shape, connectionFor(shape, request));
    if (tail == 0) return false;
    hashBegin(begin, <u32>(tail - begin) >> 3);
    store<u8>(tail, text.exact ? 0 : 1);
    const hash = hashEnd(tail, length + 1);
    const keyLength = <u32>(tail - begin) + 1 + length;
    // Asked for by several at once: the newest alone stays.
    this.end(this.search(hash, keyLength, request));
    const place = this.store.add(hash, recordLength(keyLength, text));
    if (place == 0) return false;
    const record = this.store.at(place);
    writeRecord(record, begin, keyLength, text);
    store<u64>(record, hash, HASH);
    store<u64>(record, until, UNTIL);
    store<u64>(record, until - span / 5, REFRESH_FROM);
    store<u64>(record, request.wall, WALL_FROM);
    store<u64>(record, request.wall + span, WALL_UNTIL);
    shape.until[slot] = max(shape.until[slot], until);
    return true;
  }

  /** The store takes its memory when there is something to keep: not every VM of a proxy sees requests. */
  private open(): bool {
    if (this.store.isOpen) return true;
    if (this.closed || !makeHashKey()) return false;
    this.store.open(this.maxBytes);
    return true;
  }
}

/** The connection's number in this proxy: all that holds for a connection holds for it. */
function connectionFor(shape: Shape, request: GrantRequest): ArrayBuffer | null {
  return shape.readsConnection || request.mtls ? getPropertyAt(CONNECTION.dataStart, CONNECTION.length) : null;
}

/** A class that its own request is not in would be somebody else's. */
function isOfPath(text: GrantText, request: GrantRequest): bool {
  const bytes = text.bytes.dataStart;
  const length = <u32>(text.pathEnd - text.path);
  if (text.exact ? length != request.pathLength : length > request.pathLength) return false;
  if (!isSame(bytes + text.path, request.path, length)) return false;
  return covers(bytes + text.terms, bytes + text.termsEnd, request.path, request.pathLength);
}
