/** Which keys count when an issuer answers with others: rotations, abrupt ones, and somebody else's keys. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { type KeySet, parseKeySet } from "../../ext-authz/authenticate/key-set.ts";
import { keysAt, newestOf, type Succession, succeed } from "../../ext-authz/authenticate/key-succession.ts";
import { jwkOf, jwksOf, keys } from "./forge.ts";

const material = { a: keys.rsa, b: keys.p256, c: keys.p384, d: keys.ed25519 } as const;
type Letter = keyof typeof material;

const sets = new Map<string, KeySet>();
/** The same letters are the same set; each letter is its own kid unless all are to be called alike. */
function setOf(letters: string, kid?: string): KeySet {
  const known = sets.get(`${letters} ${kid}`);
  if (known !== undefined) return known;
  const jwks = ([...letters] as Letter[]).map((letter) => jwkOf(material[letter], { kid: kid ?? letter }));
  const parsed = parseKeySet(jwksOf(...jwks), 8, { strict: true, allowSecrets: false });
  if (!parsed.ok) throw new Error(parsed.error);
  sets.set(`${letters} ${kid}`, parsed.value);
  return parsed.value;
}

const STAND = 100;
const LIFE = 1000;
type Step = readonly [at: number, letters: string];

function play(steps: readonly Step[], stand = STAND): Succession {
  let state: Succession | undefined;
  for (const [at, letters] of steps) state = succeed(state, { keySet: setOf(letters), at, until: at + LIFE }, stand);
  if (state === undefined) throw new Error("no step");
  return state;
}

const counting = (state: Succession, at: number): string =>
  (keysAt(state, at)?.keys ?? []).map(({ kid }) => kid).join("");

test.each<[string, Step[], number, string]>([
  ["the first answer", [[0, "a"]], 0, "a"],
  ["too old", [[0, "a"]], LIFE + 1, ""],
  [
    "a rotation begins",
    [
      [0, "a"],
      [10, "ab"],
    ],
    10,
    "ab",
  ],
  [
    "a rotation ends: what is gone is gone at once",
    [
      [0, "ab"],
      [10, "b"],
    ],
    10,
    "b",
  ],
  [
    "nothing in common: both",
    [
      [0, "a"],
      [10, "b"],
    ],
    10,
    "ba",
  ],
  [
    "it has stood",
    [
      [0, "a"],
      [10, "b"],
      [110, "b"],
    ],
    110,
    "b",
  ],
  [
    "it has not stood yet",
    [
      [0, "a"],
      [10, "b"],
      [109, "b"],
    ],
    109,
    "ba",
  ],
  [
    "it rotates itself meanwhile",
    [
      [0, "a"],
      [10, "b"],
      [60, "bc"],
      [110, "c"],
    ],
    110,
    "c",
  ],
  [
    "the right keys come back",
    [
      [0, "a"],
      [10, "b"],
      [60, "a"],
    ],
    60,
    "a",
  ],
  [
    "another answer each time: none has stood",
    [
      [0, "a"],
      [10, "b"],
      [60, "c"],
      [150, "b"],
      [190, "c"],
    ],
    190,
    "ca",
  ],
  [
    "the old ones are too old by then",
    [
      [0, "a"],
      [990, "b"],
    ],
    1001,
    "b",
  ],
  [
    "an answer after the end of the old ones",
    [
      [0, "a"],
      [1001, "b"],
    ],
    1001,
    "b",
  ],
])("%s", (_, steps, at, letters) => {
  expect(counting(play(steps), at)).toBe(letters);
});

test("with no time to stand, an answer counts alone at once", () => {
  expect(
    counting(
      play(
        [
          [0, "a"],
          [10, "b"],
        ],
        0,
      ),
      10,
    ),
  ).toBe("b");
});

test("a kid that names another key is no key in common", () => {
  const first = succeed(undefined, { keySet: setOf("a", "k"), at: 0, until: LIFE }, STAND);
  const second = succeed(first, { keySet: setOf("b", "k"), at: 1, until: LIFE }, STAND);
  expect(keysAt(second, 1)?.keys.map(({ kty }) => kty)).toEqual(["EC", "RSA"]);
});

test("while nothing changes it is one object, so that what was verified stays verified", () => {
  const state = play([
    [0, "a"],
    [10, "b"],
  ]);
  const again = succeed(state, { keySet: setOf("b"), at: 20, until: 20 + LIFE }, STAND);
  expect(keysAt(again, 20)).toBe(keysAt(state, 10));
  expect(newestOf(again).at).toBe(20);
});

test("any history: the newest answer counts, nothing else does that was not settled, nothing beyond its bound", () => {
  const step = fc.tuple(fc.nat(400), fc.constantFrom("a", "b", "c", "ab", "bc", "cd"));
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), fc.nat(2000), (gaps, later) => {
      let at = 0;
      const steps = gaps.map(([gap, letters]): Step => {
        at += gap;
        return [at, letters];
      });
      const state = play(steps);
      const newest = steps.at(-1)?.[1] ?? "";
      const now = counting(state, at);
      expect(now.startsWith(newest)).toBe(true);
      const before = now.slice(newest.length);
      if (before !== "") expect(steps.some(([, letters]) => letters === before)).toBe(true);
      if (later > LIFE) expect(counting(state, at + later)).toBe("");
    }),
  );
});
