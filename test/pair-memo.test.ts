/** Made once for each pair, wherever it is kept; nobody sees it, and nobody is kept alive by it. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { newMembers } from "../ext-authz/members.ts";
import { pairMemo } from "../ext-authz/pair-memo.ts";

const withName = (name: string) => Object.assign(newMembers(), { name });
const kinds: readonly (readonly [string, (name: string) => object])[] = [
  ["members", withName],
  ["frozen members", (name) => Object.freeze(withName(name))],
  ["any other object", (name) => ({ name })],
  ["a list", (name) => [name]],
];

describe.each(kinds)("what is made of %s", (_, create) => {
  it("is made once for each pair, and another for each other", () => {
    const made: string[] = [];
    const memo = pairMemo((a: { readonly id: number }, b: object) => {
      made.push(`${a.id} ${JSON.stringify(b)}`);
      return { a, b };
    });
    const rules = Array.from({ length: 5 }, (_, id) => ({ id }));
    const tokens = ["x", "y", "x"].map(create);
    for (let round = 0; round < 3; round++) {
      for (const a of rules) for (const b of tokens) expect(memo(a, b)).toEqual({ a, b });
      for (const a of rules) for (const b of tokens) expect(memo(a, b).b).toBe(b);
    }
    expect(made).toHaveLength(rules.length * tokens.length);
  });

  it("is not mixed up between memos of the same two", () => {
    const [one, two] = [pairMemo(() => ({ by: 1 })), pairMemo(() => ({ by: 2 }))];
    const [a, b] = [{}, create("x")];
    expect([one(a, b), two(a, b), one(a, b), two(a, b)].map(({ by }) => by)).toEqual([1, 2, 1, 2]);
  });

  it("may be a list", () => {
    const memo = pairMemo((a: { readonly id: number }, _: object) => [a.id, a.id + 1]);
    const [one, two, b] = [{ id: 1 }, { id: 5 }, create("x")];
    const lists = [memo(one, b), memo(two, b), memo(one, b)];
    expect(lists).toEqual([
      [1, 2],
      [5, 6],
      [1, 2],
    ]);
    expect(lists[2]).toBe(lists[0]);
  });

  it("stays right over more reloads than are remembered", () => {
    const memo = pairMemo((a: { readonly id: number }, _: object) => ({ of: a.id }));
    const b = create("x");
    const rules = Array.from({ length: 200 }, (_, id) => ({ id }));
    for (const a of [...rules, ...rules.toReversed()]) expect(memo(a, b)).toEqual({ of: a.id });
  });

  it("is bounded: what old reloads made goes, though the token stays", async () => {
    const memo = pairMemo((_a: object, _b: object) => ({}));
    const token = create("x");
    const reload = (): WeakRef<object> => new WeakRef(memo({}, token));
    const made = Array.from({ length: 200 }, reload);
    await collected();
    expect(made.filter((one) => one.deref() !== undefined).length).toBeLessThan(70);
    expect(memo(kinds, token)).toEqual({});
  });

  it("cannot be seen in it", () => {
    const b = create("x");
    const before = [Reflect.ownKeys(b), JSON.stringify(b), Object.values(b)];
    pairMemo(() => ({ secret: 1 }))({}, b);
    expect([Reflect.ownKeys(b), JSON.stringify(b), Object.values(b)]).toEqual(before);
    expect("made" in b || "#made" in b).toBe(false);
  });

  it("does not keep the rules of an old load, nor a token that is gone", async () => {
    const memo = pairMemo((_a: object, _b: object) => ({}));
    const token = create("x");
    const load = (): WeakRef<object> => {
      const rule = {};
      memo(rule, token);
      return new WeakRef(rule);
    };
    const forget = (): WeakRef<object> => {
      const other = create("y");
      memo(kinds, other);
      return new WeakRef(other);
    };
    const gone = [load(), forget()];
    await collected();
    expect(gone.map((one) => one.deref())).toEqual([undefined, undefined]);
    expect(memo(kinds, token)).toEqual({});
  });
});

async function collected(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  if (typeof collect !== "function") throw new Error("no collector");
  for (let turn = 0; turn < 3; turn++) {
    // What a WeakRef was made of stays until its turn of the loop is over.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
}
