/** The memory of used proofs: bounded, fair, and never forgetful of what still counts. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createReplayCache } from "../../../ext-authz/authenticate/credentials/replay-cache.ts";

const proof = (thumbprint: string, id: string, until: number) => ({ thumbprint, id, until });

test("once, until it is too old", () => {
  const cache = createReplayCache(16);
  expect(cache.use(proof("k", "1", 100), 0)).toBe("new");
  expect(cache.use(proof("k", "1", 100), 100)).toBe("replayed");
  expect(cache.use(proof("k", "1", 300), 101)).toBe("new");
});

test("two keys may choose the same id", () => {
  const cache = createReplayCache(100);
  expect(cache.use(proof("k", "1", 100), 0)).toBe("new");
  expect(cache.use(proof("l", "1", 100), 0)).toBe("new");
  expect(cache.use(proof('k","1', "", 100), 0)).toBe("new");
});

test("one key fills its share only, and gets it back", () => {
  const cache = createReplayCache(32);
  for (const id of ["1", "2"]) expect(cache.use(proof("k", id, 100), 0)).toBe("new");
  expect(cache.use(proof("k", "3", 100), 0)).toBe("full");
  expect(cache.use(proof("l", "3", 100), 0)).toBe("new");
  expect(cache.use(proof("k", "3", 200), 101)).toBe("new");
});

test("full: new proofs are refused, used ones stay used", () => {
  const cache = createReplayCache(2);
  expect(cache.use(proof("a", "1", 100), 0)).toBe("new");
  expect(cache.use(proof("b", "1", 100), 0)).toBe("new");
  expect(cache.use(proof("c", "1", 100), 0)).toBe("full");
  expect(cache.use(proof("a", "1", 100), 0)).toBe("replayed");
});

test("never new twice within its time", () => {
  const step = fc.record({ key: fc.constantFrom("a", "b", "c"), id: fc.constantFrom("1", "2", "3"), wait: fc.nat(40) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const cache = createReplayCache(64);
      const ends = new Map<string, number>();
      let now = 0;
      for (const { key, id, wait } of steps) {
        now += wait;
        const counts = (ends.get(key + id) ?? -1) >= now;
        const use = cache.use(proof(key, id, now + 50), now);
        expect(use).toBe(counts ? "replayed" : "new");
        if (use === "new") ends.set(key + id, now + 50);
      }
    }),
  );
});
