/** Numbers as the filter reads them: what JavaScript reads, or in doubt; and members that stand twice among many. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { bytes, type PureParts, pureParts } from "./build-filter.ts";

let pure: PureParts;
beforeAll(async () => {
  pure = await pureParts();
});

describe("numbers", () => {
  it.each([
    "0",
    "-0",
    "1",
    "-1",
    "1800000000",
    "1800000000.5",
    "0.1",
    "1e3",
    "1E+3",
    "5e-1",
    "0e99999",
    "123456789012345",
    "1e22",
  ])("%s", (text) => {
    // A text of zero is 0, whatever its sign: no time and no limit tells them apart.
    expect(pure.jsonNumber(bytes(text)) + 0).toBe(Number(text) + 0);
  });

  it.each([
    "1e23",
    "1e300",
    "1e-300",
    "1e99999999999999999999",
    "9007199254740993",
    "0.1234567890123456",
    "1800000000.0000000000000001",
  ])("%s is in doubt", (text) => {
    expect(pure.jsonNumber(bytes(text))).toBeNaN();
  });

  it("is exact where it is not in doubt", () => {
    const text = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(JSON.stringify),
      fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: -30, max: 30 })).map(([a, b, e]) => `${a}.${b}e${e}`),
    );
    fc.assert(
      fc.property(text, (written) => {
        const read = pure.jsonNumber(bytes(written));
        if (!Number.isNaN(read)) expect(read + 0).toBe(Number(written) + 0);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("members that stand twice", () => {
  const object = (names: readonly string[]) => Buffer.from(`{${names.map((name) => `${name}:0`).join(",")}}`);
  const spelled = fc.tuple(fc.nat(60), fc.boolean()).map(([n, escaped]) => (escaped ? `"\\u0061${n}"` : `"a${n}"`));
  it("are found however they are spelled and however many there are", () => {
    fc.assert(
      fc.property(fc.array(spelled, { maxLength: 80 }), (names) => {
        const plain = names.map((name) => JSON.parse(name));
        const twice = new Set(plain).size < plain.length;
        expect(pure.jsonProblem(new Uint8Array(object(names)), 4) !== "").toBe(twice);
      }),
      { numRuns: 500 },
    );
  });

  it("are found among thousands", () => {
    const names = Array.from({ length: 5000 }, (_, i) => `"n${(i * 7919) % 5000}"`);
    expect(pure.jsonProblem(new Uint8Array(object(names)), 4)).toBe("");
    expect(pure.jsonProblem(new Uint8Array(object([...names, '"n4999"'])), 4)).toContain("stands twice");
  });
});
