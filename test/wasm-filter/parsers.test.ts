/** The filter's strict readers: base64, JSON, header names. Hostile tables, then properties. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { bytes, type PureParts, pureParts } from "./build-filter.ts";

let pure: PureParts;
beforeAll(async () => {
  pure = await pureParts();
});
const utf8 = (text: string) => new TextEncoder().encode(text);

describe("base64", () => {
  const REFUSED: readonly (readonly [text: string, url: boolean])[] = [
    ["!!!!", false],
    ["A", false],
    ["AA", false],
    ["AA=", false],
    ["AB==", false],
    ["AAB=", false],
    ["A===", false],
    ["====", false],
    ["AA==AA==", false],
    ["AAAA====", false],
    [" AAA", false],
    ["AAA\n", false],
    ["AA-_", false],
    ["A", true],
    ["AAAAA", true],
    ["AB", true],
    ["AAB", true],
    ["AA==", true],
    ["AA+/", true],
    ["AA A", true],
    ["AA\u0080A", true],
  ];
  it.each(REFUSED)("refuses %j (url: %s)", (text, url) => {
    expect(pure.base64Decode(bytes(text), url)).toBeNull();
  });

  it("decodes what Node encodes, and encodes as Node", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (data) => {
        const standard = Buffer.from(data).toString("base64");
        expect(pure.base64Encode(data)).toBe(standard);
        expect(pure.base64Decode(bytes(standard), false)).toEqual(data);
        expect(pure.base64Decode(bytes(Buffer.from(data).toString("base64url")), true)).toEqual(data);
      }),
    );
  });

  it("takes exactly the texts that Node writes back", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        const canonical = Buffer.from(text, "base64url").toString("base64url") === text;
        expect(pure.base64Decode(utf8(text), true) !== null).toBe(canonical);
      }),
    );
  });
});

describe("JSON", () => {
  const REFUSED = [
    "",
    " ",
    "{",
    "[1,]",
    '{"a":1,}',
    "{a:1}",
    "{'a':1}",
    '{"a":1}x',
    '{"a":1}{}',
    "nul",
    "True",
    "NaN",
    "Infinity",
    "01",
    "-",
    "1.",
    ".5",
    "1e",
    "+1",
    "0x1",
    '"',
    '"\n"',
    '"\\x"',
    '"\\u12"',
    '"\\ud800"',
    '"\\ud800\\u0041"',
    '"\\udc00"',
    '{"a":1,"a":2}',
    '{"a":1,"\\u0061":2}',
    '{"b":{"a":1,"a":1}}',
    `{${Array.from({ length: 40 }, (_, i) => `"k${i}":1`).join(",")},"k7":1}`,
    "/**/1",
    "\uFEFF{}",
    '{"a":1',
    '{"a" 1}',
    "[1 2]",
    `${"[".repeat(100_000)}`,
  ];
  it.each(REFUSED.map((text) => [text.slice(0, 40), text]))("refuses %j", (_name, text) => {
    expect(pure.jsonProblem(utf8(text), 64)).not.toBe("");
  });

  const BAD_UTF8 = [
    "\x80",
    "\xc0\x80",
    "\xe0\x80\x80",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\xf8\x88\x80\x80\x80",
    "\xc3",
  ];
  it.each(BAD_UTF8)("refuses invalid UTF-8 %j", (text) => {
    expect(pure.jsonProblem(bytes(`"${text}"`), 4)).toContain("invalid UTF-8");
  });

  it("bounds the depth exactly", () => {
    expect(pure.jsonProblem(utf8("[[[]]]"), 3)).toBe("");
    expect(pure.jsonProblem(utf8("[[[]]]"), 2)).toContain("nested too deeply");
  });

  it("reads what JSON.stringify writes, names with escapes too", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.string({ unit: "grapheme" }), (value, text) => {
        expect(pure.jsonProblem(utf8(JSON.stringify(value)), 64)).toBe("");
        const escaped = JSON.stringify(text).replace(
          /[^\x20-\x7e]/g,
          (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
        );
        expect(pure.jsonText(utf8(`{"x":1,"a":${escaped}}`), "a")).toBe(text);
      }),
    );
  });

  it("refuses whatever JSON.parse refuses", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\u0123eE+-.truefalsn \n') }), (text) => {
        if (pure.jsonProblem(utf8(text), 64) === "") expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });
});

describe("owned header names", () => {
  const OWNED = [
    "x-countersign-a",
    "X-Countersign-A",
    "x_countersign_a",
    "x-countersign_a",
    "txn-token",
    "Txn_Token",
    " txn-token",
    "txn-token\t",
    "\x00txn-token\xff",
    "x-countersign-",
  ];
  const FREE = ["x-countersig", "txn-tokens", "a-txn-token", "txntoken", "", "\xff", "authorization", "x-user"];
  it.each(OWNED)("owns %j", (name) => expect(pure.owns("x-countersign-* txn-token", bytes(name))).toBe(true));
  it.each(FREE)("leaves %j", (name) => expect(pure.owns("x-countersign-* txn-token", bytes(name))).toBe(false));
});
