// All headers of one map in one host call, read in place: names and values are spans of the host's buffer, and only what is
// asked for becomes a string. In: a map. Out: pairs in wire order, duplicates kept. A failure is `ok == false`, which a
// filter must treat as "cannot see", never as "no headers".

import { MapType, Status } from "./abi";
import { proxy_get_header_map_pairs } from "./env";
import { OUT_LENGTH, OUT_POINTER, resetOut, takeOver } from "./received";
import { decode } from "./text";

export class HeaderPairs {
  /** What the host answered, or ParseFailure if its bytes made no sense. */
  readonly status: Status;
  readonly length: i32;
  // Keeps the bytes alive for as long as these pairs are; every pointer handed out points into it.
  private readonly buffer: ArrayBuffer;
  private readonly starts: StaticArray<u32>;

  constructor(status: Status, buffer: ArrayBuffer) {
    const starts = status == Status.Ok ? findStarts(buffer) : null;
    this.status = status == Status.Ok && starts === null ? Status.ParseFailure : status;
    this.buffer = buffer;
    this.starts = starts === null ? new StaticArray<u32>(0) : starts;
    this.length = this.starts.length;
  }

  /** The host's bytes as a whole, for code that keeps offsets. */
  get bytes(): ArrayBuffer {
    return this.buffer;
  }

  get ok(): bool {
    return this.status == Status.Ok;
  }

  /** Where the name stands in the buffer. */
  nameOffset(i: i32): i32 {
    return <i32>this.starts[i];
  }

  namePtr(i: i32): usize {
    return changetype<usize>(this.buffer) + this.starts[i];
  }

  nameLength(i: i32): i32 {
    return <i32>load<u32>(changetype<usize>(this.buffer) + 4 + ((<usize>this.check(i)) << 3));
  }

  valuePtr(i: i32): usize {
    return this.namePtr(i) + this.nameLength(i) + 1;
  }

  valueLength(i: i32): i32 {
    return <i32>load<u32>(changetype<usize>(this.buffer) + 8 + ((<usize>this.check(i)) << 3));
  }

  /** Byte for byte, for a name that was encoded once with `bytesOf`. Envoy's names are lower-case. */
  nameEquals(i: i32, name: Uint8Array): bool {
    return this.nameLength(i) == name.length && memory.compare(this.namePtr(i), name.dataStart, name.length) == 0;
  }

  valueEquals(i: i32, value: Uint8Array): bool {
    return this.valueLength(i) == value.length && memory.compare(this.valuePtr(i), value.dataStart, value.length) == 0;
  }

  nameString(i: i32): string {
    return decode(this.namePtr(i), this.nameLength(i));
  }

  valueString(i: i32): string {
    return decode(this.valuePtr(i), this.valueLength(i));
  }

  /** A view of the host's buffer, not a copy. */
  nameBytes(i: i32): Uint8Array {
    return Uint8Array.wrap(this.buffer, <i32>this.starts[i], this.nameLength(i));
  }

  /** A view of the host's buffer, not a copy. */
  valueBytes(i: i32): Uint8Array {
    return Uint8Array.wrap(this.buffer, <i32>(this.valuePtr(i) - changetype<usize>(this.buffer)), this.valueLength(i));
  }

  /** The first line of that name at or after `from`, -1 if there is none. */
  indexOf(name: Uint8Array, from: i32 = 0): i32 {
    for (let i = from; i < this.length; i++) if (this.nameEquals(i, name)) return i;
    return -1;
  }

  /** As `indexOf`, for a name that is ASCII. */
  find(name: string, from: i32 = 0): i32 {
    const base = changetype<usize>(this.buffer);
    const units = changetype<usize>(name);
    const length = <u32>name.length;
    for (let i = max(from, 0); i < this.length; i++) {
      if (load<u32>(base + 4 + ((<usize>i) << 3)) != length) continue;
      const start = base + unchecked(this.starts[i]);
      let at: u32 = 0;
      while (at < length && <u16>load<u8>(start + at) == load<u16>(units + (at << 1))) at++;
      if (at == length) return i;
    }
    return -1;
  }

  // An index past the end is a bug of the caller: it traps here, and reads no foreign memory.
  private check(i: i32): i32 {
    assert(<u32>i < <u32>this.length, "header index out of range");
    return i;
  }
}

export function headerPairs(map: MapType): HeaderPairs {
  resetOut();
  const status = <Status>proxy_get_header_map_pairs(map, OUT_POINTER, OUT_LENGTH);
  if (status != Status.Ok) return new HeaderPairs(status, new ArrayBuffer(0));
  const buffer = takeOver();
  if (buffer === null) return new HeaderPairs(Status.InvalidMemoryAccess, new ArrayBuffer(0));
  // Envoy answers Ok and nothing at all for a map that is not there. Every request and response has pseudo-headers, so
  // that none means "cannot see".
  const must = map == MapType.RequestHeaders || map == MapType.ResponseHeaders;
  return new HeaderPairs(must && buffer.byteLength == 0 ? Status.Empty : Status.Ok, buffer);
}

/** Where each name starts; null unless every length lies within the buffer. */
function findStarts(buffer: ArrayBuffer): StaticArray<u32> | null {
  const size = <u32>buffer.byteLength;
  if (size == 0) return new StaticArray<u32>(0);
  if (size < 4) return null;
  const base = changetype<usize>(buffer);
  const count = load<u32>(base);
  if (count > (size - 4) / 10) return null;
  const starts = new StaticArray<u32>(<i32>count);
  let at: u64 = 4 + ((<u64>count) << 3);
  for (let i: u32 = 0; i < count; i++) {
    unchecked((starts[i] = <u32>at));
    at += <u64>load<u32>(base + 4 + ((<usize>i) << 3)) + <u64>load<u32>(base + 8 + ((<usize>i) << 3)) + 2;
    if (at > size) return null;
  }
  return starts;
}
