import { expect, test } from "vitest";
import { memory, type Sample } from "../../bench/memory/run.ts";
import { slopeOf } from "../../bench/side-by-side/memory.ts";

test("the hour in little: every check is answered, and each step says how large the server is", async () => {
  const said: Sample[] = [];
  const options = { steps: 4, stepSeconds: 0.1, rate: 200, live: 20, tokens: 40 };
  const { allowed, other, samples } = await memory({ ...options, say: (sample) => void said.push(sample) });
  expect(allowed + other).toBe(80);
  // On a busy machine our server may turn some away.
  expect(allowed).toBeGreaterThan(0);
  expect(said).toEqual(samples);
  expect(samples).toHaveLength(options.steps);
  for (const { bytes } of samples) expect(bytes).toBeGreaterThan(2 ** 20);
}, 120_000);

test("the line through samples", () => {
  const at = (seconds: number, bytes: number) => ({ seconds, bytes });
  expect(slopeOf([at(0, 10), at(10, 30), at(20, 50)])).toBe(2);
  expect(slopeOf([at(5, 10)])).toBe(0);
});
