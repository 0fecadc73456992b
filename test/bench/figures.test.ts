import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Outcome } from "../../bench/load/drive.ts";
import { NODE_OPTIONS } from "../../bench/peers/countersign.ts";
import { plotBars } from "../../bench/plot-bars.ts";
import { GRANTED_FEW } from "../../bench/side-by-side/end-to-end.ts";
import { goals } from "../../bench/side-by-side/goals.ts";
import { openScenario, PAIR } from "../../bench/side-by-side/open-load.ts";
import type { Findings } from "../../bench/side-by-side/pages.ts";
import { filled, pictures } from "../../bench/side-by-side/performance-page.ts";
import { names } from "../../bench/side-by-side/proxies.ts";
import { latency, latencyGap, type Result, rateRatio, takeTurns } from "../../bench/side-by-side/rounds.ts";

const one = (scenario: string, subject: string, rate: number, milliseconds = 1): Result => ({
  ...{ scenario, subject, rate, low: rate, high: rate, wrong: 0, client: 0 },
  cpu: new Map([["server", 1e6 / rate]]),
  rounds: [{ rate, latencies: new Map([[Math.floor(Math.log(milliseconds) * 100), 10]]) }],
});

test("our server is started as the image starts it", () => {
  const image = readFileSync(new URL("../../envoy/Dockerfile", import.meta.url), "utf8");
  const entry = ["node", ...NODE_OPTIONS, "ext-authz/countersign.mjs"].map((word) => JSON.stringify(word)).join(", ");
  expect(image).toContain(`\nENTRYPOINT [${entry}]\n`);
});

describe("rounds", () => {
  const outcome = (allowed: number, denied = 0): Outcome => ({
    ...{ seconds: 2, allowed, denied, failed: 0, unsent: 0, buckets: [[0, allowed]], cores: 0.5 },
  });

  test("each round begins with another subject; the middle one counts", async () => {
    const order: string[] = [];
    const subject = (name: string, allowed: readonly number[]) => ({
      name,
      processes: [],
      prepare: async () => void order.push(`prepare ${name}`),
      load: async (round: number) => {
        order.push(name);
        return outcome(allowed[round] ?? 0, name === "b" ? 1 : 0);
      },
    });
    const [a, b] = await takeTurns("s", [subject("a", [100, 20, 60]), subject("b", [2, 2, 2])], 3);
    expect(order.filter((word) => !word.startsWith("prepare"))).toEqual(["a", "b", "b", "a", "a", "b"]);
    expect(order.slice(0, 2)).toEqual(["prepare a", "a"]);
    expect(a).toMatchObject({ subject: "a", scenario: "s", rate: 30, low: 10, high: 50, wrong: 0, client: 0.5 });
    expect(a?.rounds.map(({ rate, latencies }) => [rate, latencies.get(0)])).toEqual([
      [50, 100],
      [10, 20],
      [30, 60],
    ]);
    expect(b).toMatchObject({ rate: 1, wrong: 3 });
  });
});

test("a stall in one round is not what is told of all: ratios and latencies are those of the middle round", () => {
  const rounds = (rates: readonly number[], milliseconds: readonly number[]): Result => ({
    ...one("s", "x", 1),
    rounds: rates.map((rate, at) => one("s", "x", rate, milliseconds[at]).rounds[0]).flatMap((round) => round ?? []),
  });
  const [mine, bare] = [rounds([50, 10, 60], [1, 90, 2]), rounds([100, 20, 40], [1, 1, 1])];
  expect(rateRatio(mine, bare)).toBe(0.5);
  expect(latency(mine, 0.99)).toBeCloseTo(2, 1);
  expect(latencyGap(mine, bare, 0.99)).toBeCloseTo(1, 1);
});

describe("goals", () => {
  const wanted = (results: readonly Result[]) => goals(results, undefined, "1,000 tokens");

  test("compare within one scenario and leave out what is not there", () => {
    const table = [
      one("HTTP/1.1: one token", names.bare, 100),
      one("HTTP/1.1: one token", names.granted, 51),
      one("HTTP/2: one token", names.floor, 1),
      ...[one("HTTP/1.1: one token", names.floor, 20), one("HTTP/2: 1,000 tokens", names.granted, 90)],
      one("HTTP/2: 1,000 tokens", GRANTED_FEW, 100),
      one("direct: one token, RS256", "countersign", 700),
      one("direct: one token, RS256", "opa-envoy-plugin", 100),
      one("direct: 1,000 tokens", "countersign", 800),
      one("direct: 1,000 tokens", "countersign, 100 tokens", 1000),
      one("direct: 10,000 policies", "countersign", 600),
      one("direct: 10,000 policies", "countersign, ten policies", 700),
    ];
    expect(wanted(table).map(({ what, measured, byCpu, met }) => [what, measured, byCpu, met])).toEqual([
      ["granted over bare Envoy, HTTP/1.1", "0.51", "0.51", true],
      ["granted over always-allow ext_authz, HTTP/1.1", "2.55 (bare Envoy: 5.00)", "2.55", false],
      ["1,000 tokens over 100, granted", "0.90", "0.90", true],
      ["Check over opa-envoy-plugin, one token", "7.00", "7.00", false],
      ["cost of 10,000 policies over ten", "1.17", "1.17", true],
      ["1,000 tokens over 100, Check", "0.80", "0.80", false],
    ]);
    expect(wanted([])).toEqual([]);
  });

  test.each([
    [1.2, true],
    [1.4, false],
  ])("latency: granted at %f ms beside bare at 1 ms", (granted, met) => {
    const table = [one(PAIR, names.bare, 1000, 1), one(PAIR, names.granted, 1000, granted)];
    expect(wanted(table).map((goal) => goal.met)).toEqual([met]);
  });

  test("Check is held against a peer where the peer still answers", () => {
    const scenario = openScenario("authorino");
    const table = [one(scenario, "countersign", 500, 0.5), one(scenario, "authorino", 500, 2)];
    expect(wanted(table)).toMatchObject([{ what: "p99 of Check at half of authorino's most", met: true }]);
  });
});

describe("goals at our own rate", () => {
  const table = (most: number) => [
    ...[one("direct: 100 tokens", "countersign", 1000), one("direct: 100 tokens", "authorino", most)],
    one(openScenario("countersign"), "countersign", 500, 3),
  ];

  test("a peer that does not reach it has no p99 there", () => {
    expect(goals(table(400), undefined, "")).toMatchObject([
      { wanted: "lower", measured: expect.stringContaining("against none: 400/s"), met: true },
    ]);
  });

  test("one that does is not said to fail", () => {
    const what = goals(table(600), undefined, "").map((goal) => goal.what);
    expect(what.filter((text) => text.includes("at that rate"))).toEqual([]);
  });
});

describe("the page", () => {
  const findings: Findings = {
    ...{ about: ["a machine"], resident: [{ name: "server", bytes: 3 * 1024 ** 2 }], remarks: ["a remark"] },
    results: [one("direct: <b> & c", "countersign", 5), one("HTTP/1.1: one token", names.bare, 100)],
    goals: [{ what: "fast", wanted: "≥ 2", measured: "3", byCpu: "2.9", met: true }],
  };
  const marks = "<!-- written by npm run bench: begin -->\n<!-- written by npm run bench: end -->";

  test("is written between its marks, and again the same", () => {
    const once = filled(`before\n${marks}\nafter\n`, findings);
    expect(once).toMatch(/^before\n<!-- .* begin -->\n[\s\S]*\n<!-- .* end -->\nafter\n$/);
    expect(once).toContain("| fast | ≥ 2 | 3 | 2.9 | yes |");
    expect(once).toContain("- a machine");
    expect(filled(once, findings)).toBe(once);
  });

  test.each(["no marks", marks.split("\n").reverse().join("\n")])("is not written without its marks", (text) => {
    expect(() => filled(text, findings)).toThrow("has not the marks");
  });

  test("has pictures that are well formed", () => {
    const all = [...pictures(findings)];
    expect(all.map(([name]) => name)).toEqual([
      "performance-envoy.svg",
      "performance-check.svg",
      "performance-latency.svg",
    ]);
    expect(new Map(all).get("performance-check.svg")).toContain("&lt;b> &amp; c");
    for (const [, text] of all) expect(text).not.toContain("NaN");
  });

  test("the longest bar fills the room, the others their share", () => {
    const bar = (name: string, value: number) => ({ name, value, label: "", ours: false });
    const text = plotBars("t", [{ name: "", bars: [bar("a", 50), bar("b", 100)] }]);
    const widths = [...text.matchAll(/<rect x="230" [^>]*width="(\d+)"/g)].map(([, width]) => Number(width));
    expect(widths).toEqual([190, 380]);
  });

  test.each([
    ["one", [190, 380]],
    ["each", [380, 380]],
  ] as const)("groups have %s scale", (scale, wanted) => {
    const group = (name: string, value: number) => ({ name, bars: [{ name, value, label: "", ours: true }] });
    const text = plotBars("t", [group("a", 50), group("b", 100)], scale);
    expect([...text.matchAll(/<rect x="230" [^>]*width="(\d+)"/g)].map(([, width]) => Number(width))).toEqual(wanted);
  });
});
