/**
 * The quick form of the soak (bench/soak.ts): all that was sent is counted under its reason, no trap, memory stays, while
 * grants, fetched keys, digests, signed responses, the replay shield and the guard's own stamp are all in use.
 */
import { expect, it } from "vitest";
import { guestPages, residentBytes } from "../../bench/soak/memory.ts";
import { plot } from "../../bench/soak/plot.ts";
import { type Sample, soak } from "../../bench/soak/run.ts";
import { chance, type Shot } from "../../bench/soak/shot.ts";
import { traffic } from "../../bench/soak/traffic.ts";

const SECRET = Buffer.alloc(32, 7).toString("base64url");
/** Not with a stamp of now. */
const isPrepared = ({ bytes }: Shot): boolean => {
  const [one, other] = [bytes(), bytes()];
  return one === other;
};

const filter = new URL("../../wasm-filter/build/countersign.wasm", import.meta.url).pathname;

it("20,000 mixed requests and 6 pushes: counters add up, every answer is the right one, guest memory stays", async () => {
  const result = await soak({
    requests: 20_000,
    seconds: 45,
    pushes: 6,
    samples: 10,
    seed: 1,
    clients: 32,
    rotateSeconds: 4,
    filter,
    say: () => {},
  });
  expect(result.wrong).toEqual([]);
  expect(result.counted).toEqual(result.wanted);
  expect(result.requests).toBeGreaterThan(1000);
  const pages = result.samples.map((sample) => sample.guestPages);
  expect(pages[0]).toBeGreaterThan(0);
  // Grants are 8 MiB for each configuration of the worker's VM, and memory that is grown doubles: four of them at once at most.
  expect(pages.at(-1)).toBeLessThanOrEqual(1500);
  const { granted = 0, asked = 0, ...noted } = result.noted;
  expect(granted + asked).toBe(
    (result.wanted["allowed or granted"] ?? 0) + (result.wanted["denied by the server"] ?? 0),
  );
  expect([granted, asked, noted["grants kept"], noted["key answers taken"]].filter((count) => !count)).toEqual([]);
  const used = ["stamp_replayed", "stamp_expired", "response_unsigned", "response_invalid", "requests behind the zone"];
  expect(used.filter((name) => !result.counted[name])).toEqual([]);
});

it("traffic is repeatable, and of every kind", () => {
  const make = (seed: number) => {
    const random = chance(seed);
    const batch = traffic({ good: ["a.b.c"], forged: ["d.e.f"], otherIssuer: "g", otherAudience: "h" }, SECRET);
    return Array.from({ length: 200 }, () => batch(random, 32));
  };
  const text = (seed: number) =>
    make(seed)
      .flatMap(({ shots }) => shots.filter(isPrepared).map(({ bytes }) => bytes().toString("latin1")))
      .join("");
  expect(text(7)).toBe(text(7));
  expect(text(7)).not.toBe(text(8));
  const reasons = new Set(make(7).flatMap(({ shots }) => shots.map(({ reason }) => reason)));
  expect(reasons.size).toBe(21);
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
