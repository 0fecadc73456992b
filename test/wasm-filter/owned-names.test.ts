/** The quick look at a header's name passes on everything that the slow one would take off, under any alias. */

import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { bytes, type PureParts, pureParts } from "./build-filter.ts";

let pure: PureParts;
beforeAll(async () => {
  pure = await pureParts();
});

const PATTERNS = [
  "x-countersign-*",
  "txn-token",
  "x-user",
  "ab",
  "a*",
  "q",
  "1-factor*",
  "_under",
  "x_y-z",
  "-dash*",
  "ab-cd",
];
const pattern = fc.constantFrom(...PATTERNS);
const junk = fc.string({ unit: fc.constantFrom(" ", "\t", "\x01", ":", '"', "\xff", "(", "\0"), maxLength: 2 });

/** One of the spellings that some server reads as the name. */
const alias = (name: string) =>
  fc
    .tuple(junk, fc.array(fc.nat(2), { minLength: name.length, maxLength: name.length }), junk)
    .map(([before, kinds, after]) => {
      const letters = [...name].map((letter, i) => {
        if (kinds[i] === 1) return letter.toUpperCase();
        return kinds[i] === 2 && "-_".includes(letter) ? (letter === "-" ? "_" : "-") : letter;
      });
      return before + letters.join("") + after;
    });

it("sees every alias of every pattern", () => {
  const cases = fc
    .record({ patterns: fc.uniqueArray(pattern, { minLength: 1, maxLength: 4 }), more: fc.string({ maxLength: 4 }) })
    .chain(({ patterns, more }) =>
      fc.record({
        patterns: fc.constant(patterns),
        name: fc.constantFrom(...patterns).chain((one) => alias(one.replace("*", more))),
      }),
    );
  const check = fc.property(cases, ({ patterns, name }) => {
    const list = patterns.join(" ");
    // A prefix's own rest may be anything, also what makes it another name.
    if (pure.owns(list, bytes(name))) expect(pure.mayOwn(list, bytes(name))).toBe(true);
  });
  fc.assert(check, { numRuns: 20_000 });
});

it("sees whatever bytes a name is made of", () => {
  const name = fc.string({ unit: fc.constantFrom(..."axq1-_:tXA \x01\xe1"), maxLength: 6 });
  const check = fc.property(fc.uniqueArray(pattern, { minLength: 1, maxLength: 4 }), name, (patterns, text) => {
    const list = patterns.join(" ");
    if (pure.owns(list, bytes(text))) expect(pure.mayOwn(list, bytes(text))).toBe(true);
  });
  fc.assert(check, { numRuns: 20_000 });
});

it.each(["signature", "Signature-Input", "signature_input", ":SIGNATURE", "\x01signature"])(
  "sees the stamp's own field %j",
  (name) => expect(pure.mayOwn("txn-token", bytes(name))).toBe(true),
);

/** Or it would not be quick. */
it.each([":method", ":path", "accept", "user-agent", "x-request-id", "x-forwarded-for", "content-type"])(
  "lets %j go at once",
  (name) => expect(pure.mayOwn("x-countersign-* txn-token x-user", bytes(name))).toBe(false),
);
