/** The module's memory: what can be reached stays as it is, what cannot is used again, whatever is made in what order. */

import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { heapModule } from "./build-filter.ts";

interface Heap {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  put(slot: number, seed: number, length: number, depth: number, other: number): void;
  drop(slot: number): void;
  holds(slot: number, seed: number, length: number, depth: number): number;
  putRaw(slot: number, seed: number, length: number): void;
  growRaw(slot: number, seed: number, length: number): void;
  holdsRaw(slot: number, seed: number): number;
  pinned(length: number): number;
  unpin(at: number): void;
  reserve(length: number): number;
  make(length: number): number;
  collect(): void;
  isAligned(): number;
}
interface Compiler {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: Heap };
}

const wasm: Compiler = Reflect.get(globalThis, "WebAssembly");
let module: object;
beforeAll(() => {
  module = new wasm.Module(heapModule());
});

function fresh(): Heap {
  const abort = () => {
    throw new Error("abort");
  };
  const heap = new wasm.Instance(module, { env: { abort } }).exports;
  heap._initialize();
  return heap;
}

const slot = fc.nat(15);
/** Most objects are small; some are larger than a page. */
const length = fc.oneof(
  { weight: 8, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.integer({ min: 8000, max: 9000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 65_000, max: 200_000 }) },
);
const seed = fc.nat(255);
const step = fc.oneof(
  fc.record({
    do: fc.constant("put" as const),
    slot,
    seed,
    length,
    depth: fc.integer({ min: 1, max: 5 }),
    other: slot,
  }),
  fc.record({ do: fc.constant("drop" as const), slot }),
  fc.record({ do: fc.constant("raw" as const), slot, seed, length }),
  fc.record({ do: fc.constant("grow" as const), slot, more: length }),
  fc.record({ do: fc.constant("pin" as const), slot, length }),
  fc.record({ do: fc.constant("collect" as const) }),
);

it("keeps what can be reached, byte for byte", () => {
  const run = fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
    const heap = fresh();
    const made = new Map<number, { seed: number; length: number; depth: number }>();
    const raw = new Map<number, { seed: number; length: number }>();
    const pins = new Map<number, { at: number; length: number }>();
    for (const now of steps) {
      if (now.do === "put") {
        heap.put(now.slot, now.seed, now.length, now.depth, now.other);
        made.set(now.slot, now);
      } else if (now.do === "drop") {
        heap.drop(now.slot);
        made.delete(now.slot);
      } else if (now.do === "raw") {
        heap.putRaw(now.slot, now.seed, now.length);
        raw.set(now.slot, now);
      } else if (now.do === "grow") {
        const old = raw.get(now.slot);
        if (old === undefined) continue;
        const grown = { seed: old.seed, length: old.length + now.more };
        heap.growRaw(now.slot, grown.seed, grown.length);
        raw.set(now.slot, grown);
      } else if (now.do === "pin") {
        const old = pins.get(now.slot);
        if (old !== undefined) heap.unpin(old.at);
        pins.set(now.slot, { at: heap.pinned(now.length), length: now.length });
      } else heap.collect();
      expect(heap.isAligned()).toBe(1);
      for (const [at, { seed, length, depth }] of made) expect(heap.holds(at, seed, length, depth)).toBe(1);
      for (const [at, { seed }] of raw) expect(heap.holdsRaw(at, seed)).toBe(1);
      for (const { at, length } of pins.values()) {
        expect(new Uint8Array(heap.memory.buffer, at, length).every((byte) => byte === 0x5a)).toBe(true);
      }
    }
  });
  fc.assert(run, { numRuns: 60 });
});

it("uses again what is not reached: memory does not grow with time", () => {
  const heap = fresh();
  const round = () => {
    for (let i = 0; i < 2000; i++) {
      heap.put(i % 16, i, (i * 37) % 700, 1 + (i % 3), (i * 5) % 16);
      // Freed by hand each time it is put anew; what grows in place of another moves.
      heap.putRaw(i % 8, i, (i * 53) % 4000);
      if (i % 7 === 0) heap.growRaw(i % 8, i, 5000 + (i % 900));
      if (i % 100 === 0) heap.put(16 + (i % 4), i, 70_000 + i * 10, 1, 17);
      if (i % 40 === 0) heap.collect();
    }
    // What hangs on each other in a chain goes with the last that points at it.
    for (let i = 0; i < 32; i++) heap.drop(i);
    heap.collect();
    return heap.memory.buffer.byteLength;
  };
  round();
  const warm = round();
  for (let i = 0; i < 5; i++) expect(round()).toBe(warm);
});

it("gives one large room back as it was, however it was cut up between", () => {
  const heap = fresh();
  for (let i = 0; i < 20; i++) {
    heap.put(1, 1, 4_000_000, 1, 1);
    heap.drop(1);
    heap.collect();
    for (let j = 0; j < 300; j++) heap.put(2, j, 64, 1, 2);
    heap.drop(2);
    heap.collect();
  }
  expect(heap.memory.buffer.byteLength).toBeLessThan(7_000_000);
});

it.each([0x4000_0000, 0x7fff_fff0, 0xffff_ffe0, 0xffff_fff0, -1])("traps for %i bytes, which nobody means", (size) => {
  expect(() => fresh().reserve(size)).toThrow("unreachable");
  expect(() => fresh().make(size)).toThrow("unreachable");
});

it("traps where memory ends, and gives nothing beyond it", () => {
  const heap = fresh();
  const fill = (size: number) => {
    for (let last = 0; ; ) {
      const at = heap.reserve(size) >>> 0;
      expect(at).toBeGreaterThan(last);
      expect(at + size).toBeLessThanOrEqual(heap.memory.buffer.byteLength);
      last = at;
    }
  };
  for (const size of [0x3fff_0000, 0x100_0000, 1_300_000, 5000]) expect(() => fill(size)).toThrow("unreachable");
});

it("keeps what hangs on others over many collections", () => {
  const heap = fresh();
  heap.put(1, 7, 40, 5, 1);
  for (let i = 0; i < 40; i++) {
    // New, and known to nobody but what is older.
    heap.put(2, i, 300, 3, 1);
    heap.collect();
    heap.put(3, i, 300, 1, 2);
    expect([heap.holds(1, 7, 40, 5), heap.holds(2, i, 300, 3), heap.holds(3, i, 300, 1)]).toEqual([1, 1, 1]);
  }
});
