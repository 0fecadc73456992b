/** The filter's strict reader of structured fields, and what it takes for a stamp: hostile tables, then any bytes. */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { bytes, type PureParts, pureParts } from "./build-filter.ts";

let pure: PureParts;
beforeAll(async () => {
  pure = await pureParts();
});

describe("structured fields", () => {
  const READ: readonly (readonly [line: string, want: string])[] = [
    ["", ""],
    ["a", "a|5|"],
    ["a;x", "a|5||x="],
    ["a=1", "a|0|1"],
    ["a=-15", "a|0|-15"],
    ["a=1.5", "a|1|1.5"],
    ['a="x\\"y\\\\"', 'a|2|"x\\"y\\\\"'],
    ["a=tok/en:*", "a|3|tok/en:*"],
    ["a=:AQID:", "a|4|:AQID:"],
    ["a=?1", "a|5|?1"],
    ["a=@1659578233", "a|6|@1659578233"],
    ['a=%"f%c3%bc"', 'a|7|%"f%c3%bc"'],
    ['a=("@method"  "x";bs );created=1;tag="t"', 'a|8|("@method"  "x";bs )|created=1|tag="t"'],
    ["a=() ,\tb=1", "a|8|()\nb|0|1"],
  ];
  it.each(READ)("reads %j", (line, want) => {
    expect(pure.dictionary(bytes(line))).toBe(want);
  });

  const REFUSED = [
    "A=1",
    "1=1",
    "a=",
    "a=1,",
    "a=1, ",
    ",a=1",
    "a=1 b=2",
    "a =1",
    "a= 1",
    "a=--1",
    "a=1.",
    "a=1.2345",
    "a=1234567890123456",
    "a=1234567890123.1",
    'a="x',
    'a="x\\',
    'a="\\x"',
    'a="\x7f"',
    'a="\xfc"',
    "a=:AQI:",
    "a=:AQID",
    "a=:AQIDB:",
    "a=:!!!!:",
    "a=?2",
    "a=@1.5",
    'a=%"%C3"',
    'a=("x"',
    'a=("x""y")',
    'a=(("x"))',
    'a=("x")y',
    "a=1;",
    "a=1;B=1",
    "a\0",
    "a=1\n",
    `a=${"1".repeat(9000)}`,
    Array.from({ length: 100 }, (_, i) => `a${i}`).join(","),
  ];
  it.each(REFUSED.map((line) => [line.slice(0, 30), line]))("refuses %j", (_name, line) => {
    expect(pure.dictionary(bytes(line))).toBe("!");
  });

  const OTHERS: readonly (readonly [line: string, want: string])[] = [
    ["countersign=:AQID:", ""],
    ["sig1=:AQID:, countersign=:AQID:", "sig1=:AQID:"],
    ['countersign=("a");x, sig1=("b");tag="other", countersign=1', 'sig1=("b");tag="other"'],
    ['sig1=("b");tag="countersign", sig2=("c")', 'sig2=("c")'],
    ["countersign2=1, xcountersign=1", "countersign2=1, xcountersign=1"],
    ["sig1=:AQID:, countersign=:broken", ""],
  ];
  it.each(OTHERS)("keeps of %j the members of others", (line, want) => {
    expect(Buffer.from(pure.othersOnly(bytes(line))).toString()).toBe(want);
  });

  const GOOD = ';created=1;expires=2;nonce="n";keyid="k";alg="hmac-sha256";tag="countersign"';
  it("writes a stamp's parameters back in canonical form", () => {
    expect(pure.stampParameters(bytes(`countersign=(  "@method" "@path"  )${GOOD.replaceAll(";", ";  ")}`))).toBe(
      `("@method" "@path")${GOOD}`,
    );
  });

  const NOT_A_STAMP = [
    `countersign=1${GOOD}`,
    `countersign=("@method";req)${GOOD}`,
    `countersign=(token)${GOOD}`,
    `countersign=("a")${GOOD};extra=1`,
    `countersign=("a")${GOOD};created=1`,
    `countersign=("a")${GOOD.replace(";created=1", "")}`,
    `countersign=("a")${GOOD.replace("=1", "=01")}`,
    `countersign=("a")${GOOD.replace("=1", "=-1")}`,
    `countersign=("a")${GOOD.replace("=1", "=1.0")}`,
    `countersign=("a")${GOOD.replace("=1", '="1"')}`,
    `countersign=("a")${GOOD.replace('"n"', '""')}`,
    `countersign=("a")${GOOD.replace('"n"', "n")}`,
    `countersign=("a")${GOOD.replace('"n"', ":AQID:")}`,
  ];
  it.each(NOT_A_STAMP)("takes %j for no stamp", (line) => {
    expect(pure.dictionary(bytes(line))).not.toBe("!");
    expect(pure.stampParameters(bytes(line))).toBe("!");
  });

  it("answers something to any bytes", () => {
    const noise = fc.string({ unit: fc.constantFrom(...'countersign=();,:"\\?@%01.-A \t\n\xff*'), maxLength: 80 });
    fc.assert(
      fc.property(noise, (line) => {
        pure.dictionary(bytes(line));
        pure.othersOnly(bytes(line));
        pure.stampParameters(bytes(line));
      }),
      { numRuns: 3000 },
    );
  });
});
