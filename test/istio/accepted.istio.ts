/**
 * Istio's own tools on every manifest in `envoy/istio`, which `countersign render` wrote: `istioctl validate` and `analyze`
 * accept them, and find no field that they do not know.
 */
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { istioPaths } from "../../setup/istio.mjs";

const folder = fileURLToPath(new URL("envoy/istio/", packageRoot));
const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".yaml")).sort();

/** What it says of every EnvoyFilter, however good. */
const always = /EnvoyFilter exposes internal implementation details that may change at any time\./;

function istioctl(...args: readonly string[]): { code: number | null; lines: readonly string[] } {
  const { status, stdout, stderr } = spawnSync(istioPaths().istioctl, args, { encoding: "utf8", timeout: 60_000 });
  return { code: status, lines: `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "") };
}

it("there is something to look at", () => {
  expect(files).toContain("edge-envoy-filter.yaml");
  expect(files).toContain("countersign-edge.yaml");
  expect(files).toContain(join("without-envoy-filter", "zone.yaml"));
});

describe("istioctl validate", () => {
  it.each(files)("%s", (file) => {
    const { code, lines } = istioctl("validate", "-f", join(folder, file));
    const said = lines.filter((line) => !always.test(line) && !/^".*" (is valid|has warnings: ?)$/.test(line));
    expect({ code, said }).toEqual({ code: 0, said: [] });
  });
});

it("istioctl analyze, all together", () => {
  const { code, lines } = istioctl("analyze", "--use-kube=false", ...files.map((file) => join(folder, file)));
  expect(code).toBe(0);
  expect(lines.filter((line) => !line.startsWith("  - "))).toEqual([
    expect.stringContaining("No validation issues found when analyzing:"),
  ]);
  expect(lines.filter((line) => line.startsWith("  - "))).toHaveLength(files.length);
});

describe("they would say so", () => {
  let place: string;
  beforeAll(async () => {
    place = await mkdtemp(join(tmpdir(), "countersign-test-"));
  });
  afterAll(() => rm(place, { recursive: true, force: true }));

  const cases: readonly [string, string, string, string, readonly string[]][] = [
    [
      "validate: of a field that Envoy does not have",
      "encode_raw_headers:",
      "encode_raw_heeders:",
      'unknown field "encode_raw_heeders"',
      ["validate", "-f"],
    ],
    [
      "validate: of a field that Istio does not have",
      "workloadSelector:",
      "workloadSelektor:",
      'unknown field "workloadSelektor"',
      ["validate", "-f"],
    ],
    [
      "analyze: of a value that Istio does not have",
      "INSERT_FIRST",
      "INSERT_FURST",
      "INSERT_FURST",
      ["analyze", "--use-kube=false"],
    ],
  ];
  it.each(cases)("%s", async (_, right, wrong, said, args) => {
    const text = await readFile(join(folder, "edge-envoy-filter.yaml"), "utf8");
    const file = join(place, "wrong.yaml");
    await writeFile(file, text.replace(right, wrong));
    const { lines } = istioctl(...args, file);
    expect(lines.filter((line) => line.includes(said)).length).toBeGreaterThan(0);
  });
});
