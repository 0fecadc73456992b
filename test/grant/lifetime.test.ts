/** How long a grant lives: the least of all its bounds, or none at all. */
import { expect, it } from "vitest";
import { type Bounds, grantMilliseconds } from "../../ext-authz/grant/lifetime.ts";

const NOW = 1_790_000_000.4;
const bounds: Bounds = {
  now: NOW,
  maxSeconds: 5,
  until: Number.POSITIVE_INFINITY,
  mintedSeconds: Number.POSITIVE_INFINITY,
};
const cases: readonly (readonly [what: string, more: Partial<Bounds>, milliseconds: number | undefined])[] = [
  ["nothing ends", {}, 5000],
  ["another maxTtl", { maxSeconds: 60 }, 60_000],
  ["a token that outlives it", { until: NOW + 10 }, 5000],
  ["a token that ends before, with the way of the answer", { until: NOW + 3 }, 2750],
  ["a token that is about to end", { until: NOW + 1.2 }, undefined],
  ["a token in its leeway", { until: NOW - 20 }, undefined],
  ["what is minted lives long", { mintedSeconds: 60 }, 5000],
  ["what is minted ends before, with a second left for its use", { mintedSeconds: 6 }, 2550],
  ["what is minted ends at once", { mintedSeconds: 3 }, undefined],
  ["what is minted ends with the token", { mintedSeconds: 60, until: NOW + 4 }, 2750],
];

it.each(cases)("%s", (_, more, milliseconds) => {
  expect(grantMilliseconds({ ...bounds, ...more })).toBe(milliseconds);
});
