/** The module's memory image, packed by the build and unpacked by the module at start, is what the compiler wrote. */
import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { PACKED, packData, packImage } from "../../wasm-filter/pack-data.mjs";
import { builtFilter, type PureParts, pureParts } from "./build-filter.ts";

let pure: PureParts;
beforeAll(async () => {
  pure = await pureParts();
});

const roundTrip = (image: Uint8Array) => {
  const packed = Uint8Array.from(packImage(image));
  expect(pure.unpacked(packed, image.length)).toEqual(image);
  return packed.length;
};

const text = (words: string) => new Uint8Array(Buffer.from(words, "utf16le"));
const IMAGES: readonly (readonly [what: string, image: Uint8Array, most: number])[] = [
  ["nothing", new Uint8Array(0), 1],
  ["a gap longer than a step", new Uint8Array(1000), 20],
  ["text", text("must be true or false"), 23],
  ["text longer than a step", text("abcdefghijklmnopqrstuvwxyz".repeat(5)), 50],
  ["a word that comes again", text("must be a number, must be a number"), 24],
  ["wide units", text("\u0101\u0201\u0301"), 8],
  ["a run that repeats its own start", text("aaaaaaaaaaaaaaaaaaaaaaaaa"), 12],
  ["single zeros between", text("a\0b\0\0c"), 9],
];
it.each(IMAGES)("packs and unpacks %s", (_what, image, most) => {
  expect(roundTrip(image)).toBeLessThanOrEqual(most);
});

it("packs and unpacks whatever the image is", () => {
  const units = fc.oneof(fc.constant(0), fc.constantFrom(0x61, 0x62), fc.nat(255), fc.nat(65535));
  fc.assert(
    fc.property(fc.array(units, { maxLength: 400 }), (list) => {
      const image = new Uint8Array(Uint16Array.from(list).buffer);
      // At worst a step for each unit: narrow and wide ones by turns.
      expect(roundTrip(image)).toBeLessThanOrEqual(image.length + list.length + 1);
    }),
  );
});

const leb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);
const section = (id: number, body: readonly number[]) => [id, ...leb(body.length), ...body];
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const segment = (offset: number, bytes: readonly number[]) => [
  0,
  0x41,
  ...leb(offset),
  0x0b,
  ...leb(bytes.length),
  ...bytes,
];
const MEMORY = section(5, [1, 0, 1]);

it("leaves one segment, which begins with the place of the image, and every other section as it was", () => {
  const custom = section(0, [1, 0x78, 9]);
  const module = Uint8Array.from([
    ...[...HEADER, ...custom, ...MEMORY, ...section(12, [2])],
    ...section(11, [2, ...segment(16, [7, 0]), ...segment(24, [8, 0])]),
  ]);
  const body = [16, 0, ...packImage(Uint8Array.from([7, 0, 0, 0, 0, 0, 0, 0, 8, 0]))];
  const place = [0x41, 0x80, 0x80, 0x03, 0x0b];
  expect(PACKED).toBe(3 << 14);
  expect([...packData(module)]).toEqual([
    ...[...HEADER, ...custom, ...MEMORY, ...section(12, [1])],
    ...section(11, [1, 0, ...place, ...leb(body.length), ...body]),
  ]);
});

const REFUSED: readonly (readonly [what: string, bytes: readonly number[]])[] = [
  ["an image that reaches the packed form", [...MEMORY, ...section(11, [1, ...segment(PACKED - 1, [1, 1])])]],
  ["no memory", section(11, [1, ...segment(16, [1])])],
  ["no data", MEMORY],
  ["a passive segment", [...MEMORY, ...section(11, [1, 1, 1, 7])]],
  ["half a module", [...MEMORY, 11, 200]],
];
it.each(REFUSED)("refuses %s", (_what, bytes) => {
  expect(() => packData(Uint8Array.from([...HEADER, ...bytes]))).toThrow();
});

it("leaves the filter below 64 KiB", () => {
  expect(builtFilter().length).toBeLessThan(65_536);
});
