import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileCel, MAX_EXPRESSION } from "../../../ext-authz/authorize/cel/expression.ts";
import type { JsonObject } from "../../../ext-authz/model.ts";
import { evaluate } from "./expressions.ts";

const many = Array.from({ length: 5000 }, (_, index) => index);
const words = many.map(String);
const claims: JsonObject = { many, words, long: "a".repeat(16_000) };

const c = "request.auth.claims";

/** Each would take seconds or more if nothing stopped it. */
const bombs = [
  `${c}.many.all(x, ${Array.from({ length: 90 }, () => "x >= 0.0").join(" && ")})`,
  `${c}.many.all(x, ${c}.many.all(y, x + y >= 0.0))`,
  `${c}.many.all(x, ${c}.many.all(y, ${c}.many.all(z, true)))`,
  `${c}.many.all(x, ${c}.words == ${c}.words)`,
  `${c}.many.all(x, !("none" in ${c}.words))`,
  `${c}.many.all(x, size(${c}.long + ${c}.long) > 0)`,
  `${c}.many.all(x, ${c}.long.contains("b") == false)`,
  `${c}.words.all(x, ${c}.long.matches("(a|aa)*b?$"))`,
  `${c}.many.map(x, ${c}.many).size() == 5000 && ${c}.many.map(x, ${c}.many) == ${c}.many.map(x, ${c}.many)`,
  `${c}.many.exists_one(x, ${c}.many.exists_one(y, x == y))`,
  `[${c}.long + ${c}.long].map(a, a + a + a + a).map(b, b + b + b + b + b + b).map(d, d + d + d + d)[0] == "a"`,
];

const refused: readonly (readonly [name: string, text: string, reason: RegExp])[] = [
  ["10 MB", `true${" ".repeat(10_000_000)}`, /longer than/],
  ["one character too long", `true${" ".repeat(MAX_EXPRESSION - 3)}`, /longer than/],
  ["deep parentheses", `${"(".repeat(2000)}true${")".repeat(2000)}`, /nested/],
  ["deep lists", `${"[".repeat(1500)}1${"]".repeat(1500)} == []`, /nested|parts/],
  ["deep negation", `${"!(".repeat(1000)}true${")".repeat(1000)}`, /nested/],
  ["a long sum", `${"1+".repeat(1500)}1 == 1`, /nested|parts/],
  ["loops in loops", "[1].all(a, [1].all(b, [1].all(c, [1].all(d, true))))", /loops nested deeper/],
  ["many loops", Array.from({ length: 17 }, () => "[1].all(a, true)").join("&&"), /more than 16 loops/],
  ["counted repeats", `request.path.matches("((a{1,99}){1,99}){1,99}")`, /too heavy/],
  ["a long pattern", `request.path.matches("${"a?".repeat(700)}")`, /too heavy/],
];

describe("hostile expressions", () => {
  test.each(bombs)("ends as an error: %s", (text) => {
    expect(evaluate(text, {}, claims, (why) => why)).toBe("the expression costs too much");
  });

  test.each(refused)("%s: refused when it is loaded", (_, text, reason) => {
    expect(evaluate(text)).toEqual(expect.arrayContaining([expect.stringMatching(reason)]));
  });

  test("an evaluation that spent everything does not spoil the next", () => {
    const compiled = compileCel(`${c}.words.all(x, ${c}.words.all(y, true))`);
    if (!compiled.ok) throw new Error("does not compile");
    const judge = (words: string[]) =>
      compiled.value({ request: new Map([["auth", new Map([["claims", new Map([["words", words]])]])]]) });
    expect([judge(words).ok, judge(["a"]).ok, judge(words).ok]).toEqual([false, true, false]);
  });

  test("a long claim that is only looked at is no bomb", () => {
    expect(evaluate(`size(${c}.long) == 16000 && ${c}.many.size() == 5000`, {}, claims)).toBe(true);
    expect(evaluate(`${c}.many.map(x, x).size() == 5000`, {}, claims)).toBe(true);
  });

  const part = fc.constantFrom(
    ...["request.path", "request.auth.claims", ".groups", "[0]", "==", "&&", "||", "!", "(", ")", "[", "]", "{", "}"],
    ...[
      ".exists(",
      ".map(x,",
      "x",
      ",",
      ":",
      "?",
      "'a'",
      "1",
      "1u",
      "1.5",
      "-",
      "+",
      "in ",
      "has(",
      "null",
      "dyn(",
      " ",
    ],
  );

  test("whatever the text, a boolean, an error or a refusal; never a throw", () => {
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const found = evaluate(parts.join(""));
        return typeof found === "boolean" || found === "error" || found.length > 0;
      }),
      { numRuns: 1000 },
    );
  });

  test("whatever the claims, a boolean or an error; never a throw", () => {
    const text = `${c}.a == ${c}.b || ${c}.exists(k, k in ${c}) || has(${c}.a.b.c)`;
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom("a", "b", "__proto__", "constructor"), fc.jsonValue()), (given) => {
        return ["boolean", "string"].includes(typeof evaluate(text, {}, JSON.parse(JSON.stringify(given))));
      }),
      { numRuns: 300 },
    );
  });
});
