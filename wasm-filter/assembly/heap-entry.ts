/** The memory of runtime/heap.ts, for tests, which say what is made, kept, freed and collected. Never part of the filter. */
import "./packed-data";

class Node {
  constructor(
    public bytes: Uint8Array,
    public others: Node[],
    public next: Node | null,
  ) {}
}

const slots = new StaticArray<Node | null>(256);
const raw = new StaticArray<usize>(256);
const rawLength = new StaticArray<u32>(256);

/** Puts a chain of `depth` nodes into a slot; each holds `length` bytes that follow from `seed`, and the slot `other`. */
export function put(slot: i32, seed: u32, length: i32, depth: i32, other: i32): void {
  let chain: Node | null = null;
  for (let i = 0; i < depth; i++) {
    const bytes = new Uint8Array(length);
    for (let j = 0; j < length; j++) bytes[j] = patternAt(seed + i, j);
    const others: Node[] = [];
    const held = slots[other];
    // Grown one by one, so that arrays are made anew as they fill.
    if (held !== null) for (let j = 0; j < 9; j++) others.push(held);
    chain = new Node(bytes, others, chain);
  }
  slots[slot] = chain;
}

export function drop(slot: i32): void {
  slots[slot] = null;
}

/** True when the slot's chain holds what was put there. */
export function holds(slot: i32, seed: u32, length: i32, depth: i32): bool {
  let node = slots[slot];
  for (let i = depth - 1; i >= 0; i--) {
    if (node === null || node.bytes.length != length) return false;
    for (let j = 0; j < length; j++) if (node.bytes[j] != patternAt(seed + i, j)) return false;
    for (let j = 0; j < node.others.length; j++) if (node.others[j].bytes.length < 0) return false;
    node = node.next;
  }
  return node === null;
}

/** Memory by hand. */
export function putRaw(slot: i32, seed: u32, length: u32): void {
  if (raw[slot] != 0) heap.free(raw[slot]);
  raw[slot] = heap.alloc(length);
  rawLength[slot] = length;
  for (let j: u32 = 0; j < length; j++) store<u8>(raw[slot] + j, patternAt(seed, j));
}

export function growRaw(slot: i32, seed: u32, length: u32): void {
  raw[slot] = heap.realloc(raw[slot], length);
  for (let j = rawLength[slot]; j < length; j++) store<u8>(raw[slot] + j, patternAt(seed, j));
  rawLength[slot] = length;
}

export function holdsRaw(slot: i32, seed: u32): bool {
  for (let j: u32 = 0; j < rawLength[slot]; j++) if (load<u8>(raw[slot] + j) != patternAt(seed, j)) return false;
  return true;
}

/** Bytes that nothing but the pin keeps: their address. */
export function pinned(length: i32): usize {
  const buffer = new ArrayBuffer(length);
  memory.fill(changetype<usize>(buffer), 0x5a, length);
  return __pin(changetype<usize>(buffer));
}

export function unpin(at: usize): void {
  __unpin(at);
}

/** Room by hand that nobody writes: where it begins. */
export function reserve(length: usize): usize {
  return heap.alloc(length);
}

/** The address of an object of that size, which is garbage at once. */
export function make(length: usize): usize {
  return __new(length, idof<ArrayBuffer>());
}

export function collect(): void {
  __collect();
}

/** For raw and made alike. */
export function isAligned(): bool {
  const made = changetype<usize>(new ArrayBuffer(1));
  const by = heap.alloc(1);
  heap.free(by);
  return ((made | by) & 15) == 0;
}

function patternAt(seed: u32, at: u32): u8 {
  return <u8>((seed * 31 + at * 7) >> 1);
}
