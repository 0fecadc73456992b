import fc from "fast-check";
import { expect, test } from "vitest";
import { count, quantile } from "../../bench/load/latencies.ts";

const milliseconds = fc.double({ min: 0.001, max: 10_000, noNaN: true });

test("a quantile is that of the sorted list, to one percent", () => {
  fc.assert(
    fc.property(fc.array(milliseconds, { minLength: 1 }), fc.constantFrom(0, 0.5, 0.9, 0.99, 1), (values, share) => {
      const buckets = new Map<number, number>();
      for (const value of values) count(buckets, value);
      const exact = values.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * values.length)) - 1] ?? 0;
      expect(Math.abs(quantile(buckets, share) / exact - 1)).toBeLessThan(0.011);
    }),
  );
});

test("nothing measured has no quantile", () => {
  expect(quantile(new Map(), 0.5)).toBeNaN();
});
