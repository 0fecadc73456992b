import { describe, expect, test } from "vitest";
import { planMemo } from "../ext-authz/plan-memo.ts";

describe("a memo of plans", () => {
  test.each<[string, { plans: number; weight: number }, readonly (readonly [string, number])[], string]>([
    [
      "all, within its bounds",
      { plans: 3, weight: 30 },
      [
        ["a", 10],
        ["b", 10],
        ["c", 10],
      ],
      "abc",
    ],
    [
      "the newest, by number",
      { plans: 2, weight: 30 },
      [
        ["a", 1],
        ["b", 1],
        ["c", 1],
      ],
      "bc",
    ],
    [
      "the newest, by weight",
      { plans: 9, weight: 30 },
      [
        ["a", 10],
        ["b", 15],
        ["c", 10],
      ],
      "bc",
    ],
    [
      "one that is too heavy, alone",
      { plans: 9, weight: 30 },
      [
        ["a", 10],
        ["b", 31],
      ],
      "b",
    ],
    [
      "what came after the heavy one",
      { plans: 9, weight: 30 },
      [
        ["a", 31],
        ["b", 10],
        ["c", 10],
      ],
      "bc",
    ],
  ])("keeps %s", (_, limits, plans, kept) => {
    const memo = planMemo<string>(limits);
    for (const [key, weight] of plans) memo.set(key, `plan ${key}`, weight);
    const found = ["a", "b", "c"].filter((key) => memo.get(key) !== undefined);
    expect(found.join("")).toBe(kept);
    expect(found.map((key) => memo.get(key))).toEqual(found.map((key) => `plan ${key}`));
  });
});
