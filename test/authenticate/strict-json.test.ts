/** The strict reader takes what JSON.parse takes and means the same, except for what two readers could understand in two ways. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseStrictJson } from "../../ext-authz/authenticate/strict-json.ts";

test.each([
  ["{}", {}],
  [' {"a" : [1 , -2.5e3, true, false, null, "x"]}\n', { a: [1, -2500, true, false, null, "x"] }],
  ['"\\u00e9\\n\\"\\ud83d\\ude00"', 'é\n"😀'],
  ["[[],{}]", [[], {}]],
  ["-0", -0],
])("reads %s", (text, value) => {
  expect(JSON.stringify(parseStrictJson(text, 8))).toBe(JSON.stringify(value));
});

test.each([
  "",
  " ",
  "{",
  "[",
  "[1",
  "[1,",
  "[1,]",
  "{,}",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  "{a:1}",
  "'a'",
  '"',
  '"a',
  '"\\',
  '"\\x"',
  '"\\u12"',
  '"\u0001"',
  '"a\nb"',
  "01",
  "1.",
  ".5",
  "+1",
  "1e",
  "--1",
  "0x1",
  "NaN",
  "Infinity",
  "1e999",
  "tru",
  "nulll",
  "true false",
  "1 2",
  "\ufeff{}",
  "\u00a01",
  '{"a":1,"a":1}',
  '{"a":1,"\\u0061":2}',
  '{"__proto__":1,"__proto__":2}',
  '{"x":{"a":1,"a":2}}',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '{"\\ud800":1}',
])("refuses %j", (text) => {
  expect(parseStrictJson(text, 8)).toBeUndefined();
});

test("refuses bytes that are not UTF-8", () => {
  for (const bytes of [
    [0x22, 0xff, 0x22],
    [0x22, 0xc0, 0xaf, 0x22],
    [0x22, 0xed, 0xa0, 0x80, 0x22],
    [0xef, 0xbb, 0xbf, 0x31],
  ]) {
    expect(parseStrictJson(Uint8Array.from(bytes), 8)).toBeUndefined();
  }
});

test("nesting is bounded, to the level", () => {
  const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels);
  expect(parseStrictJson(nested(8), 8)).toBeDefined();
  expect(parseStrictJson(nested(9), 8)).toBeUndefined();
  expect(parseStrictJson("[".repeat(1_000_000), 8)).toBeUndefined();
  expect(parseStrictJson(`${'{"a":'.repeat(9)}1${"}".repeat(9)}`, 8)).toBeUndefined();
});

test("objects inherit nothing, and a member may be called __proto__", () => {
  const value = parseStrictJson('{"__proto__":{"admin":true},"a":1}', 8);
  for (const name of ["constructor", "toString", "hasOwnProperty"]) expect(name in Object(value)).toBe(false);
  expect(Object.keys(Object(value))).toEqual(["__proto__", "a"]);
  expect("admin" in Object(value)).toBe(false);
});

test("whatever JSON.stringify writes reads back the same", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value);
      expect(JSON.stringify(parseStrictJson(text, 16))).toBe(JSON.stringify(JSON.parse(text)));
    }),
  );
});

test("it accepts nothing that JSON.parse refuses, and never throws", () => {
  const fragment = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    '"',
    "\\",
    "u0041",
    "1",
    "-",
    ".",
    "e",
    "true",
    "null",
    " ",
    "a",
    "\n",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fragment, { maxLength: 12 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (input) => {
      const value = parseStrictJson(input, 16);
      if (value !== undefined) expect(JSON.stringify(value)).toBe(JSON.stringify(JSON.parse(input)));
    }),
    { numRuns: 2000 },
  );
});
