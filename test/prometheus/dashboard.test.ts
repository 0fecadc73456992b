/**
 * The dashboard's questions and the alerts' expressions, asked of a real Prometheus that scrapes the demo's servers and Envoys
 * after the sample table ran. Skipped where there is none: `node setup/prometheus.mjs` gets it.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { gather, runSample } from "../../examples/demo/run-samples.ts";
import { samples } from "../../examples/demo/samples.ts";
import type { Topology } from "../../examples/demo/topology.ts";
import { hasPrometheus } from "../../setup/prometheus.mjs";
import { type Folder, makeFolder } from "../support/folder.ts";
import { startTopology } from "../support/topology.ts";
import { type Prometheus, startPrometheus } from "./prometheus-process.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const ALERTS = file("envoy/grafana/alerts.yaml");

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}
const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(
  readFileSync(file("envoy/grafana/countersign.json"), "utf8"),
);
const alerts: { readonly groups: readonly { readonly rules: readonly { alert: string; expr: string }[] }[] } = parse(
  readFileSync(ALERTS, "utf8"),
);
const questions = dashboard.panels.flatMap(({ title, targets = [] }) =>
  targets.map(({ expr }) => [title, expr] as const),
);
/** As Grafana fills it in. */
const filled = (expr: string): string => expr.replaceAll("$__rate_interval", "1m").replaceAll("$job", ".*");

/** What the demo has none of: shadow policies, whose series begin with the first change, and keys that proxies fetch. */
const EMPTY: readonly string[] = ["countersign_shadow_changes_total", "_keys_changed", "_keys_failed"];

const there = await hasPrometheus();
if (!there) process.stderr.write("no Prometheus: `node setup/prometheus.mjs` gets it\n");

describe.runIf(there)("a real Prometheus", () => {
  let topology: Topology;
  let folder: Folder;
  let prometheus: Prometheus;

  beforeAll(async () => {
    [topology, folder] = await Promise.all([startTopology({ checkTimeoutSeconds: 10, grants: true }), makeFolder()]);
    const { edgeServer, zoneServer, edge, zone } = topology;
    const server = (job: string, url: string) => ({ job, url, path: "/metrics" });
    const envoy = (job: string, url: string) => ({ job, url, path: "/stats/prometheus" });
    prometheus = await startPrometheus(
      folder.path,
      [
        server("countersign-edge", edgeServer.http),
        server("countersign-zone", zoneServer.http),
        envoy("envoy-edge", edge.admin),
        envoy("envoy-zone", zone.admin),
      ],
      [ALERTS],
    );
    // Rates need a sample from before.
    await until("count(up == 1) == 4");
    const ingredients = await gather(topology);
    for (const sample of samples(ingredients)) expect((await runSample(topology, sample)).unexpected).toBe("");
    await until('sum(countersign_checks_total{effect="allow"}) > 2');
    await until("rate(countersign_checks_total[1m]) > 0");
    await until('rate(countersign_checks_total{effect="deny"}[1m])');
  });
  afterAll(async () => {
    await prometheus?.stop();
    await topology?.stop();
    await folder?.remove();
  });

  /** Asks until there is an answer: what was counted has to be scraped first. */
  async function until(query: string): Promise<void> {
    const deadline = Date.now() + 30_000;
    while ((await prometheus.query(query)).length === 0) {
      if (Date.now() > deadline) throw new Error(`no answer to ${query}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it.each(questions)("%s: %s", async (_, expr) => {
    const found = await prometheus.query(filled(expr));
    if (EMPTY.some((name) => expr.includes(name))) return;
    expect(found.length).toBeGreaterThan(0);
    expect(found.filter(({ value: number }) => Number.isNaN(number))).toEqual([]);
  });

  it("every alert is evaluated without an error, and in a demo that is well none fires", async () => {
    const names = alerts.groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    await expect.poll(async () => (await prometheus.rules()).every(({ health }) => health === "ok")).toBe(true);
    const rules = await prometheus.rules();
    expect(rules.map(({ name }) => name).sort()).toEqual([...names].sort());
    expect(rules.filter(({ error, state }) => error !== "" || state === "firing")).toEqual([]);
    for (const { expr } of alerts.groups.flatMap((group) => group.rules)) await prometheus.query(expr);
  });

  it("counters that alerts watch are there before anything happened", async () => {
    for (const zero of [
      'countersign_checks_total{reason="internal_error"}',
      'countersign_reloads_total{outcome="refused"}',
      'countersign_trace_spans_total{outcome="dropped"}',
      "countersign_decision_log_dropped_total",
      "countersign_shadow_failures_total",
    ]) {
      const found = await prometheus.query(zero);
      expect([zero, found.map(({ value: number }) => number)]).toEqual([zero, [0, 0]]);
    }
  });

  it("the filter's own counters come through Envoy's", async () => {
    const refused = await prometheus.query('{__name__=~"countersign_guard_refused_.+"} > 0');
    expect(refused.length).toBeGreaterThan(0);
  });

  it("a query that cannot be read is an error, so what passed above was read", async () => {
    await expect(prometheus.query("sum by (")).rejects.toThrow("parse error");
  });
});
