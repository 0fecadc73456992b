/** Dashboard and alerts speak of series that exist, with labels that they have. `promtool` is asked where it is installed. */
import { execFile } from "node:child_process";
import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../../ext-authz/observe/metrics.ts";
import { aDeny, aFailure, anAllow } from "../observe/fixtures.ts";
import { makeFolder } from "../support/folder.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const ALERTS = file("envoy/grafana/alerts.yaml");

interface Panel {
  readonly id: number;
  readonly targets?: readonly { readonly expr: string }[];
}
interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(
  readFileSync(file("envoy/grafana/countersign.json"), "utf8"),
);
const alerts: { readonly groups: readonly { readonly rules: readonly AlertRule[] }[] } = parse(
  readFileSync(ALERTS, "utf8"),
);
const rules = alerts.groups.flatMap((group) => group.rules);
const queries = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...rules.map(({ expr }) => expr),
];

/** Series that a server has, with the labels' values: all that can happen has happened once. */
async function exposition(): Promise<string> {
  const key = { source: 0, ageSeconds: 1, failures: 0, keys: 1, nextRefreshSeconds: 1, servesForSeconds: 1 };
  const metrics = createMetrics(() => [{ ...key, replacing: false }]);
  for (const decision of [anAllow(), aDeny("no_policy_allows"), aFailure]) metrics.decided(decision, 1);
  for (const outcome of ["applied", "refused"] as const) metrics.reloaded(outcome, 1);
  metrics.shadowChanged({ source: "policy", change: "allow_to_deny", policy: "shop/a" });
  return metrics.text();
}

/** Counters of the filter as Envoy tells them: from the lists in its sources that they are defined by. */
function filterSeries(): readonly string[] {
  const listed = (source: string, list: string): readonly string[] => {
    const text = readFileSync(file(`wasm-filter/assembly/${source}.ts`), "utf8");
    const found = new RegExp(`const ${list}: string\\[\\] = \\[([^\\]]+)\\]`).exec(text)?.[1] ?? "";
    return [...found.matchAll(/"([a-z_]+)"/g)].map(([, name = ""]) => name);
  };
  const each = [...listed("refusal", "REASONS").map((reason) => `refused_${reason}`), "keys_changed", "keys_failed"];
  const names = ["guard", "stamp"].flatMap((stand) => each.map((name) => `countersign_${stand}_${name}`));
  return [...names, ...listed("grant-metrics", "NAMES").map((name) => `countersign_guard_grant_${name}`)];
}

test("every series that is asked for exists", async () => {
  const text = await exposition();
  const known = new Set([...text.matchAll(/^(countersign_[a-z_]+)/gm)].map(([name]) => name));
  for (const name of filterSeries()) known.add(name);
  const asked = new Set(queries.flatMap((query) => query.match(/countersign_[a-z_]+/g) ?? []));
  expect([...asked].filter((name) => !known.has(name))).toEqual([]);
  expect(asked.size).toBeGreaterThan(10);
});

test("every reason for which a guard refuses, and all that it counts of grants and keys, is on the dashboard", () => {
  const asked = new Set(queries.flatMap((query) => query.match(/countersign_[a-z_]+/g) ?? []));
  const counted = filterSeries().filter((name) => !name.startsWith("countersign_stamp_refused_"));
  // Of responses, which stamps refuse.
  const others = counted.filter((name) => !name.startsWith("countersign_guard_refused_response_"));
  expect(others.filter((name) => !asked.has(name))).toEqual([]);
  expect(others.length).toBeGreaterThan(30);
});

test("every metric has its place on the dashboard", async () => {
  const text = await exposition();
  const shown = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join("\n");
  const metrics = [...text.matchAll(/^# TYPE (countersign_[a-z_]+)/gm)].map(([, name = ""]) => name);
  expect(metrics.filter((name) => !shown.includes(name))).toEqual([]);
});

test("label values that are asked for exist", async () => {
  const text = await exposition();
  const asked = new Set(queries.flatMap((query) => query.match(/(?:effect|outcome|state)="[a-z_]+"/g) ?? []));
  expect([...asked].filter((pair) => !text.includes(pair))).toEqual([]);
  expect(asked.size).toBeGreaterThan(3);
});

test("labels that are grouped by exist", async () => {
  const text = await exposition();
  const asked = new Set(
    queries.flatMap((query) => [...query.matchAll(/by \(([a-z, ]+)\)/g)].flatMap(([, by = ""]) => by.split(", "))),
  );
  expect([...asked].filter((label) => !text.includes(`${label}="`))).toEqual([]);
});

test("panels have ids of their own; alerts have names, a severity and words", () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  for (const { labels, annotations } of rules) {
    expect(["critical", "warning"]).toContain(labels.severity);
    expect(annotations).toEqual({ summary: expect.stringMatching(/./), description: expect.stringMatching(/./) });
  }
});

const promtool = process.env["PROMTOOL_BIN"] ?? "promtool";
const call = promisify(execFile);
const hasPromtool = await call(promtool, ["--version"]).then(
  () => true,
  () => false,
);

test.runIf(hasPromtool)("promtool reads the alerts, and each speaks when it should", async () => {
  const folder = await makeFolder();
  try {
    copyFileSync(ALERTS, join(folder.path, "alerts.yaml"));
    copyFileSync(file("test/envoy/alerts.yaml"), join(folder.path, "alerts.test.yaml"));
    const checked = await call(promtool, ["check", "rules", "alerts.yaml"], { cwd: folder.path });
    expect(checked.stdout).toContain(`SUCCESS: ${rules.length} rules found`);
    const tested = await call(promtool, ["test", "rules", "alerts.test.yaml"], { cwd: folder.path });
    expect(tested.stdout).toContain("SUCCESS");
  } finally {
    await folder.remove();
  }
});
