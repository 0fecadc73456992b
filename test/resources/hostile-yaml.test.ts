import { describe, expect, test } from "vitest";
import { readYaml } from "../../ext-authz/resources/yaml-text.ts";
import { problemsOf, read } from "./read-one.ts";

const head = "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p}\n";

describe("YAML that means more than it shows, or never ends, is refused", () => {
  test.each([
    ["anchor", `${head}spec: &a {}`, /anchors are not allowed/],
    ["alias", "a: &a 1\nb: *a", /aliases are not allowed/],
    ["a bomb", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", /aliases are not allowed/],
    ["duplicate key", `${head}spec: {}\nspec: {rules: [{}]}`, /the key `spec` stands here twice/],
    ["duplicate key by escape", `${head}spec: {}\n"sp\\u0065c": {rules: [{}]}`, /the key `spec` stands here twice/],
    ["duplicate __proto__", `${head}__proto__: 1\n__proto__: 2`, /the key `__proto__` stands here twice/],
    ["merge key", `${head}spec:\n  <<: {rules: [{}]}`, /unknown field/],
    ["YAML 1.1", `%YAML 1.1\n---\n${head}`, /YAML 1\.1 is not read/],
    ["unknown directive", "%FOO bar\n", /directive/i],
    ["unknown tag", `${head}spec: !foo {}`, /tag/i],
    ["binary", `${head}spec: !!binary aaaa`, /not allowed/],
    ["list as key", "? [a]\n: b", /key/],
    ["tab", `${head}spec:\n\trules: []`, /[Tt]ab/],
    ["open quote", 'a: "b', /quote/],
    ["deep lists", "[".repeat(200_000), /nested deeper than 100/],
    ["deep mappings", "{a: ".repeat(20_000), /nested deeper than 100/],
    ["deep dashes", "- ".repeat(20_000), /nested deeper than 100/],
    ["deep keys", "? ".repeat(20_000), /nested deeper than 100/],
    ["many documents", "---\na: 1\n".repeat(5001), /more than 5000 documents/],
    ["a huge file", " ".repeat(10 * 1024 * 1024 + 1), /larger than/],
    ["many lines", "\n".repeat(2_000_001), /words and signs/],
    ["many anchors", "&a ".repeat(100_000), /anchor/],
    ["many commas", `[${",".repeat(100_000)}]`, /Unexpected ,/],
  ])("%s", (_, text, message) => {
    const { resources, problems } = read(text);
    expect(resources).toEqual([]);
    expect(problems.some((problem) => problem.severity === "error" && message.test(problem.message))).toBe(true);
    expect(problems.length).toBeLessThanOrEqual(1000);
  });

  test("depth up to the bound is read", () => {
    const { documents, problems } = readYaml(`${"[".repeat(99)}${"]".repeat(99)}`);
    expect([documents.length, problems]).toEqual([1, []]);
  });

  test("messages are bounded whatever they quote", () => {
    const long = "x".repeat(100_000);
    for (const { path, message, hint } of read(`${head}spec: {${long}: 1, action: ${long}}`).problems) {
      expect(path.length + message.length + (hint?.length ?? 0)).toBeLessThan(1600);
    }
  });

  test("no number of warnings hides an error", () => {
    const foreign = "apiVersion: v1\nkind: Secret\n---\n".repeat(2000);
    const severities = read(`${foreign}${head}spec: {x: 1}`).problems.map(({ severity }) => severity);
    expect(severities.filter((severity) => severity === "warning")).toHaveLength(1000);
    expect(severities.filter((severity) => severity === "error")).toHaveLength(1);
  });

  test("words that Kubernetes reads as booleans must be quoted", () => {
    const labels = (value: string) => problemsOf(`${head}spec: {selector: {matchLabels: {a: ${value}}}}`);
    const problem = "error spec.selector.matchLabels.a: this word is a boolean to Kubernetes (YAML 1.1)";
    expect(["yes", "Off", "NO"].map(labels)).toEqual([[problem], [problem], [problem]]);
    expect(['"yes"', "!!str yes", "yess", "y"].map(labels)).toEqual([[], [], [], []]);
    expect(problemsOf("apiVersion: v1\nkind: ConfigMap\ndata: {a: yes}")).toEqual([
      "warning kind: v1 ConfigMap is not ours and is ignored",
    ]);
  });
});
