/** The guard's token buckets: a burst, then the rate, over all workers; bounded whatever keys come. */
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import type { HeaderInput, Host } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { type Clock, EDGE, filterHost, type JsonFields, NOW, request } from "./stands.ts";

let clock: Clock;
let host: Host;
beforeEach(async () => {
  clock = { now: NOW };
  host = await filterHost(clock);
});

function limited(rateLimit: JsonFields, from: Pick<Host, "startPlugin"> = host) {
  const configuration = JSON.stringify({ ...EDGE, rateLimit });
  const plugin = from.startPlugin({ rootId: "countersign.guard", configuration });
  return (address: string, ...headers: HeaderInput[]): number => {
    const stream = plugin.stream({ properties: { source: { address } } });
    const step = stream.requestHeaders(request("/", ...headers), { endOfStream: true });
    stream.done();
    return step.localReply?.status ?? 200;
  };
}
const bearer = (token: string): HeaderInput => ["authorization", `Bearer ${token}`];

describe("rate limit", () => {
  it("lets a burst pass, then the rate", () => {
    const ask = limited({ requestsPerSecond: 2, burst: 3 });
    const four = () => [1, 2, 3, 4].map(() => ask("10.0.0.1:1"));
    expect(four()).toEqual([200, 200, 200, 429]);
    clock.now += 0.5;
    expect([ask("10.0.0.1:2"), ask("10.0.0.1:3")]).toEqual([200, 429]);
    clock.now += 100;
    expect(four()).toEqual([200, 200, 200, 429]);
    expect(host.metric("countersign.guard.refused.rate_limited")).toBe(3n);
  });

  it("counts each address by itself, whatever its port", () => {
    const ask = limited({ requestsPerSecond: 1, buckets: 65536 });
    expect(["10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1", "[::1]:1", "[::1]:2"].map((from) => ask(from))).toEqual([
      200, 429, 200, 200, 429,
    ]);
  });

  it("is shared by all workers", () => {
    const rule = { requestsPerSecond: 1, burst: 2 };
    const workers = [1, 2, 3].map(() => limited(rule, host.vm()));
    expect(workers.map((ask) => ask("10.0.0.1:1"))).toEqual([200, 200, 429]);
  });

  it("counts by token, and by address without one", () => {
    const ask = limited({ by: "token", requestsPerSecond: 1, buckets: 65536 });
    expect([
      ask("10.0.0.1:1", bearer("a.b.c")),
      ask("10.0.0.2:1", bearer("a.b.c")),
      ask("10.0.0.2:1", bearer("a.b.d")),
      ask("10.0.0.2:1"),
      ask("10.0.0.2:1"),
    ]).toEqual([200, 429, 200, 200, 429]);
  });

  it("adds nothing when the clock goes back", () => {
    const ask = limited({ requestsPerSecond: 1 });
    expect(ask("10.0.0.1:1")).toBe(200);
    clock.now -= 1000;
    expect(ask("10.0.0.1:1")).toBe(429);
  });

  it("keeps no more than its buckets", () => {
    const ask = limited({ requestsPerSecond: 1, buckets: 16 });
    const passed = Array.from({ length: 500 }, (_, i) => ask(`10.0.${i >> 8}.${i & 255}:1`)).filter((s) => s === 200);
    expect(passed.length).toBe(16);
  });

  it("never lets more pass than burst and rate allow", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), (waits, rate, burst) => {
        clock.now += 10_000;
        const ask = limited({ requestsPerSecond: rate, burst });
        const begun = clock.now;
        let passed = 0;
        for (const wait of waits) {
          clock.now += wait / 1000;
          if (ask("10.0.0.1:1") === 200) passed++;
          expect(passed).toBeLessThanOrEqual(burst + (clock.now - begun) * rate + 0.01);
        }
      }),
      { numRuns: 50 },
    );
  });
});
