import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { patternMap, visitMatches } from "../../../ext-authz/authorize/rule-index/pattern-map.ts";

const fits = (key: string, text: string): boolean => {
  const pattern = key.slice(1);
  if (key.startsWith("=")) return text === pattern;
  return key.startsWith("^") ? text.startsWith(pattern) : text.endsWith(pattern);
};

function found(keys: readonly string[], text: string): string[] {
  const seen: string[] = [];
  visitMatches(patternMap(new Map(keys.map((key) => [key, key]))), text, (key) => seen.push(key));
  return seen.sort();
}

const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "\u{1F600}", "\ud800", "\0"), maxLength: 6 });
const key = fc.tuple(fc.constantFrom("=", "^", "$"), text).map(([kind, pattern]) => kind + pattern);

describe("patterns of a text", () => {
  test.each([
    ["/a/b", ["=/a/b", "^/", "^/a", "^/a/b", "$b", "$/a/b"], ["=/a", "^/b", "^/a/b/", "$a", "^/aa", "^/ab"]],
    ["", ["=", "^", "$"], ["=a", "^a", "$a"]],
    ["\u{1F600}", ["^\ud83d", "$\ude00"], ["=\ud83d"]],
  ])("%s", (asked, matching, others) => {
    expect(found([...others, ...matching], asked)).toEqual(matching.toSorted());
  });

  test("each once, and no other, as trying all of them finds", () => {
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 40 }), text, (keys, asked) => {
        expect(found(keys, asked)).toEqual(keys.filter((one) => fits(one, asked)).sort());
      }),
      { numRuns: 3000 },
    );
  });
});
