/** The quick form of the soak (bench/soak.ts): all that was sent is counted under its reason, no trap, memory stays. */
import { expect, it } from "vitest";
import { guestPages, residentBytes } from "../../bench/soak/memory.ts";
import { plot } from "../../bench/soak/plot.ts";
import { type Sample, soak } from "../../bench/soak/run.ts";
import { batch, chance } from "../../bench/soak/traffic.ts";

const filter = new URL("../../wasm-filter/build/countersign.wasm", import.meta.url).pathname;

it("20,000 mixed requests and 20 pushes: counters add up, every answer is the right one, guest memory stays", async () => {
  const result = await soak({
    requests: 20_000,
    seconds: 45,
    pushes: 20,
    samples: 10,
    seed: 1,
    filter,
    say: () => {},
  });
  expect(result.wrong).toEqual([]);
  expect(result.counted).toEqual(result.wanted);
  expect(result.requests).toBeGreaterThan(1000);
  const pages = result.samples.map((sample) => sample.guestPages);
  expect(pages[0]).toBeGreaterThan(0);
  // Three VMs; 1 MiB each would be a leak.
  expect(pages.at(-1)).toBeLessThanOrEqual(30);
});

it("traffic is repeatable, and of every kind", () => {
  const make = (seed: number) => {
    const random = chance(seed);
    return Array.from({ length: 200 }, () => batch(random, 32));
  };
  const text = (seed: number) => JSON.stringify(make(seed));
  expect(text(7)).toBe(text(7));
  expect(text(7)).not.toBe(text(8));
  const reasons = new Set(make(7).flatMap(({ shots }) => shots.map(({ reason }) => reason)));
  expect(reasons.size).toBe(12);
});

it("a process without WebAssembly in it has no guest pages, and some memory", async () => {
  expect(await residentBytes(process.pid)).toBeGreaterThan(1024 ** 2);
  expect(await guestPages(1).catch(() => 0)).toBe(0);
});

it("the plot holds every sample of both lines", () => {
  const samples: readonly Sample[] = [1, 2, 3].map((at) => ({
    requests: at * 100,
    pushes: at,
    residentBytes: at * 1024 ** 2,
    guestPages: 4,
  }));
  const picture = plot(samples, "a < b");
  expect(picture).toContain("a &lt; b");
  for (const [, points = ""] of picture.matchAll(/<polyline points="([^"]+)"/g))
    expect(points.split(" ")).toHaveLength(3);
});
