/** The page and the closed tables of hazards say the same. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { GROUPS } from "../../ext-authz/doctor/envoy/examine.ts";
import { rows } from "./envoy-hazards.ts";

const page = readFileSync(new URL("../../docs/doctor-envoy.md", import.meta.url), "utf8");
const kinds = GROUPS.flatMap((group) => Object.entries(group.kinds));
const inTables = page.split("\n").filter((line) => line.startsWith("| `"));

test("each hazard is a row of the page, word by word, and the page has no other", () => {
  expect(inTables).toEqual(
    kinds.map(([id, { severity, why, fix }]) => `| \`${id}\` | ${severity} | ${why} | ${fix} |`),
  );
});

test("an id is used once", () => {
  expect(new Set(kinds.map(([id]) => id)).size).toBe(kinds.length);
});

/** Their fixtures are Kubernetes objects: istio.test.ts. */
const ISTIO = ["envoy_filter_unknown_field", "envoy_filter_without_context", "custom_provider_missing"];

test("each hazard has a fixture", () => {
  const tested = new Set([...rows.map(({ id }) => id), ...ISTIO]);
  expect(kinds.map(([id]) => id).filter((id) => !tested.has(id))).toEqual([]);
});
