/** What an issuer says of its answer's freshness, and what we make of it: between a floor and what the operator said. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { freshSecondsOf } from "../../ext-authz/authenticate/cache-lifetime.ts";
import { nextRefresh, servesFor } from "../../ext-authz/authenticate/refresh-times.ts";

test.each([
  [undefined, undefined, undefined],
  ["public", undefined, undefined],
  ["max-age=600", undefined, 600],
  ["public, Max-Age=600, must-revalidate", undefined, 600],
  ['max-age="600"', undefined, 600],
  ["max-age=600, max-age=60", undefined, 60],
  ["max-age=600", "100", 500],
  ["max-age=600", "700", 0],
  ["max-age=600", "soon", 600],
  ["max-age=600, no-cache", undefined, 0],
  ["no-store", undefined, 0],
  ["max-age=-1", undefined, 0],
  ["max-age=1e9", undefined, 0],
  ["max-age", undefined, 0],
  ["max-age=99999999999999", undefined, 0],
  [`${"x,".repeat(1000)}max-age=600`, undefined, 0],
  ["s-maxage=600", undefined, undefined],
])("%s, Age %s: %s", (cacheControl, age, seconds) => {
  expect(freshSecondsOf(cacheControl, age)).toBe(seconds);
});

const bounds = { refreshSeconds: 1200, minRefreshSeconds: 300, staleSeconds: 3600 };
const calm = { failures: 0, wish: undefined, standsIn: undefined, random: 0 };

test.each([
  ["nothing is said", {}, 1200],
  ["a wish within the bounds", { wish: 600 }, 600],
  ["a wish below the floor", { wish: 0 }, 300],
  ["a wish beyond the operator's", { wish: 1e9 }, 1200],
  ["ahead of time", { wish: 600, random: 0.5 }, 540],
  ["one failure", { failures: 1 }, 2],
  ["many failures", { failures: 5000 }, 60],
  ["an answer that is to replace all keys", { standsIn: 100 }, 100],
  ["one that should have by now", { standsIn: -5 }, 1],
])("next refresh: %s", (_, more, seconds) => {
  expect(nextRefresh({ ...calm, ...more }, bounds)).toBeCloseTo(seconds);
});

test("a short refresh counts more than the floor, and a year does not overflow a timer", () => {
  expect(nextRefresh(calm, { ...bounds, refreshSeconds: 10 })).toBe(10);
  expect(nextRefresh(calm, { ...bounds, refreshSeconds: 31_536_000 }) * 1000).toBeLessThan(2 ** 31);
});

test("whatever an issuer says: asked again in bounded time, never in a loop, never trusted beyond the operator's bound", () => {
  const state = fc.record({
    failures: fc.nat(100_000),
    wish: fc.option(fc.double({ min: 0, noNaN: true }), { nil: undefined }),
    standsIn: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
    random: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(
    fc.property(state, (any) => {
      const seconds = nextRefresh(any, bounds);
      expect(seconds).toBeGreaterThanOrEqual(1);
      expect(seconds).toBeLessThanOrEqual(1200);
      expect(servesFor(any.wish, bounds)).toBeLessThanOrEqual(4800);
    }),
  );
});
