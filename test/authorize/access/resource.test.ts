import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { readArtifactFile } from "../../../ext-authz/resources/access-policy-artifact.ts";
import { readResources } from "../../../ext-authz/resources/read.ts";
import { bundleBytes } from "../rego/modules.ts";

const artifacts = (_: string, name: string) =>
  name === "policies.tar.gz"
    ? { ok: true as const, value: bundleBytes }
    : name === "text.wasm"
      ? { ok: true as const, value: new TextEncoder().encode("package a") }
      : { ok: false as const, error: "cannot be read" };

const yaml = (spec: string, more = "") => `apiVersion: countersign.dev/v1alpha1
kind: AccessPolicy
metadata: { name: p, namespace: foo${more} }
spec:
${spec.replaceAll(/^/gm, "  ")}
`;

const read = (spec: string, more?: string) => readResources([{ file: "a/p.yaml", text: yaml(spec, more) }], artifacts);
const told = (spec: string, more?: string) =>
  read(spec, more).problems.map(({ line, path, message, severity }) => `${line} ${severity} ${path}: ${message}`);

describe("an AccessPolicy that is fine", () => {
  test.each<readonly [name: string, spec: string, wanted: object]>([
    ["cel", 'action: DENY\ncel: request.path == "/a"', { action: "DENY", shadow: false, defaultDeny: false }],
    [
      "rules",
      "action: REQUIRE\nrules: [{ name: a, cel: connection.mtls }]",
      { criterion: { by: "cel", rules: [{ name: "a" }] } },
    ],
    ["shadow", 'mode: shadow\naction: ALLOW\ncel: "true"', { shadow: true }],
    [
      "a selector",
      'selector: { matchLabels: { app: x } }\naction: ALLOW\ncel: "true"',
      { target: { matchLabels: new Map([["app", "x"]]) } },
    ],
    ["default deny alone", "action: ALLOW\ndefaultDeny: true", { defaultDeny: true, criterion: { by: "nothing" } }],
    [
      "a bundle",
      "action: ALLOW\nrego: { bundle: policies.tar.gz }",
      { criterion: { by: "rego", entrypoint: "envoy/authz/allow" } },
    ],
    [
      "OPA",
      "action: ALLOW\nopa: { url: http://127.0.0.1:8181/v1/data/a, timeout: 50ms }",
      { criterion: { by: "opa", timeoutMs: 50 } },
    ],
  ])("%s", (_, spec, wanted) => {
    const { resources, problems } = read(spec);
    expect(problems).toEqual([]);
    expect(resources).toMatchObject([{ kind: "AccessPolicy", namespace: "foo", name: "p", ...wanted }]);
  });
});

describe("an AccessPolicy that is not", () => {
  test.each<readonly [name: string, spec: string, problems: readonly string[]]>([
    ["without an action", 'cel: "true"', ["4 error spec: the field `action` is missing"]],
    ["with an unknown action", 'action: AUDIT\ncel: "true"', ["5 error spec.action: `AUDIT` is not allowed here"]],
    ["with an unknown field", 'action: ALLOW\nCel: "true"', ["6 error spec.Cel: unknown field"]],
    ["without a criterion", "action: ALLOW", ["4 error spec: one of `cel`, `rules`, `rego` and `opa` must be set"]],
    [
      "with two",
      'action: ALLOW\ncel: "true"\nopa: { url: http://127.0.0.1/v1/data/a }',
      ["4 error spec: only one of `cel`, `rules`, `rego` and `opa` may be set"],
    ],
    [
      "with default deny on a DENY",
      'action: DENY\ndefaultDeny: true\ncel: "true"',
      ["6 error spec.defaultDeny: is only for the action ALLOW"],
    ],
    ["with empty rules", "action: ALLOW\nrules: []", ["6 error spec.rules: must not be an empty list"]],
    [
      "with wrong CEL",
      "action: ALLOW\ncel: request.pth == 1 && claims.a",
      ["6 error spec.cel: unknown attribute `request.pth`", "6 error spec.cel: unknown name `claims`"],
    ],
    [
      "with wrong CEL in a rule",
      'action: ALLOW\nrules:\n- { name: a, cel: "true" }\n- { name: a, cel: "1" }',
      [
        "8 error spec.rules[1].name: there is another rule `a`",
        "8 error spec.rules[1].cel: the expression is int, not a bool (at character 1)",
      ],
    ],
    [
      "with a bundle that is not there",
      "action: ALLOW\nrego: { bundle: none.tar.gz }",
      ["6 error spec.rego.bundle: `none.tar.gz` cannot be read"],
    ],
    [
      "with a module that is none",
      "action: ALLOW\nrego: { wasm: text.wasm }",
      ["6 error spec.rego.wasm: `text.wasm` is no WebAssembly module"],
    ],
    [
      "with an entrypoint that is not there",
      "action: ALLOW\nrego: { bundle: policies.tar.gz, entrypoint: a/b }",
      ["6 error spec.rego.bundle: `policies.tar.gz` has no entrypoint `a/b`"],
    ],
    [
      "with neither bundle nor module",
      "action: ALLOW\nrego: { entrypoint: a/b }",
      ["6 error spec.rego: one of `bundle` and `wasm` must be set"],
    ],
    [
      "with a file for a server",
      "action: ALLOW\nopa: { url: 'file:///etc/passwd' }",
      ["6 error spec.opa.url: `file:///etc/passwd` is no URL of a server"],
    ],
    [
      "with a password in the URL",
      "action: ALLOW\nopa: { url: 'http://a:b@127.0.0.1/v1/data/a' }",
      ["6 error spec.opa.url"],
    ],
    [
      "with another API",
      "action: ALLOW\nopa: { url: 'http://127.0.0.1/v1/policies' }",
      ["6 error spec.opa.url: the path must begin with /v1/data/"],
    ],
    [
      "with a server far away",
      "action: ALLOW\nopa: { url: 'http://opa.example/v1/data/a' }",
      ["6 warning spec.opa.url: whoever is on the way"],
    ],
    [
      "with a long timeout",
      "action: ALLOW\nopa: { url: 'https://opa.example/v1/data/a', timeout: 1m }",
      ["6 error spec.opa.timeout: `1m`"],
    ],
  ])("%s", (_, spec, problems) => {
    const found = told(spec);
    expect(found).toHaveLength(problems.length);
    for (const [index, problem] of problems.entries()) expect(found[index]).toContain(problem);
    expect(read(spec).resources).toHaveLength(found.some((one) => one.includes(" error ")) ? 0 : 1);
  });

  test("Istio's dry-run annotation is refused, not ignored", () => {
    expect(told('action: ALLOW\ncel: "true"', ', annotations: { istio.io/dry-run: "true" }')).toHaveLength(1);
  });

  test("10 MB of expression is refused quickly and once", () => {
    expect(told(`action: ALLOW\ncel: ${"a".repeat(10_000_000)}`)).toHaveLength(1);
  });

  test("without a reader of files, a bundle is an error", () => {
    const text = yaml("action: ALLOW\nrego: { bundle: policies.tar.gz }");
    expect(readResources([{ file: "p.yaml", text }]).problems[0]?.message).toContain("cannot be read here");
  });
});

describe("files beside a policy", () => {
  const folder = mkdtempSync(join(tmpdir(), "countersign-artifact-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "policies", "rego"), { recursive: true });
  writeFileSync(join(folder, "secret.wasm"), "secret");
  writeFileSync(join(folder, "policies", "rego", "a.wasm"), "a");
  symlinkSync(join("rego", "a.wasm"), join(folder, "policies", "link.wasm"));
  const policyFile = join(folder, "policies", "p.yaml");

  test.each<readonly [name: string, wanted: string]>([
    ["rego/a.wasm", "a"],
    ["./rego/../rego/a.wasm", "a"],
    ["link.wasm", "a"],
    ["../secret.wasm", "must be below the folder of the policy"],
    ["rego/../../secret.wasm", "must be below the folder of the policy"],
    [join(folder, "secret.wasm"), "must be below the folder of the policy"],
    ["rego", "is no file"],
    ["none", "cannot be read"],
    ["a\0b", "cannot be read"],
  ])("%s", (name, wanted) => {
    const found = readArtifactFile(policyFile, name);
    expect(found.ok ? Buffer.from(found.value).toString() : found.error).toBe(wanted);
  });
});
