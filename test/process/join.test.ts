import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { describe, expect, it, test } from "vitest";
import { joinAnswers } from "../../ext-authz/process/join-answers.ts";
import { joinMetrics } from "../../ext-authz/process/join-metrics.ts";
import type { HttpAnswer } from "../../ext-authz/transport/http-server.ts";

async function metricsOf(counted: number, gauge: number): Promise<string> {
  const registers = [new Registry()];
  const counter = new Counter({ name: "c_total", help: "a # TYPE in a help", labelNames: ["l"], registers });
  counter.inc({ l: 'a b "c"' }, counted);
  new Gauge({ name: "g", help: "g", registers }).set(gauge);
  new Histogram({ name: "h", help: "h", buckets: [1, 2], registers }).observe(counted);
  return registers[0]?.metrics() ?? "";
}

describe("metrics of several processes", () => {
  it("counters and buckets add up, of gauges the greatest", async () => {
    const joined = joinMetrics([await metricsOf(1, 5), await metricsOf(2, 3)]);
    expect(joined.split("\n")).toEqual(
      expect.arrayContaining([
        'c_total{l="a b \\"c\\""} 3',
        "g 5",
        'h_bucket{le="1"} 1',
        'h_bucket{le="2"} 2',
        'h_bucket{le="+Inf"} 2',
        "h_sum 3",
        "h_count 2",
      ]),
    );
  });

  it("one process alone reads as itself", async () => {
    const alone = await metricsOf(1, 5);
    expect(joinMetrics([alone])).toBe(alone);
  });

  it("who is gone keeps counting, but measures nothing any more", async () => {
    const joined = joinMetrics([await metricsOf(1, 5)], [await metricsOf(2, 30)]);
    expect(joined).toContain('c_total{l="a b \\"c\\""} 3');
    expect(joined).toContain("g 5");
  });
});

const answer = (status: number, body: string): HttpAnswer => ({ status, contentType: "text/plain", body });

describe("one HTTP side", () => {
  const rows: readonly [string, string, readonly (HttpAnswer | undefined)[], number, string][] = [
    ["life does not depend on workers", "/healthz", [], 200, "ok\n"],
    ["ready only when all are", "/readyz", [answer(200, "a"), answer(503, "b")], 503, "b"],
    ["ready", "/readyz", [answer(200, "a"), answer(200, "b")], 200, "a"],
    ["who does not answer is not waited for", "/readyz", [undefined, answer(200, "b")], 200, "b"],
    ["a decision from whoever made it", "/v1/decisions/x", [answer(404, "a"), answer(200, "b")], 200, "b"],
    ["a decision of nobody", "/v1/decisions/x", [answer(404, "a"), answer(404, "b")], 404, "a"],
    ["anything else from the first", "/v1/revision", [answer(200, "a"), answer(200, "b")], 200, "a"],
    ["or the next", "/v1/revision", [undefined, answer(200, "b")], 200, "b"],
  ];
  test.each(rows)("%s", async (_, path, answers, status, body) => {
    const workers = answers.map((one) => () => Promise.resolve(one));
    const joined = joinAnswers({ workers: () => workers, departed: () => [] });
    expect(await joined(path)).toMatchObject({ status, body });
  });

  test.each(["/readyz", "/metrics", "/v1/revision", "/v1/decisions/x"])("nobody serves: %s is 503", async (path) => {
    expect((await joinAnswers({ workers: () => [], departed: () => [] })(path)).status).toBe(503);
  });
});
