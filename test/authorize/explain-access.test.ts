import { describe, expect, test } from "vitest";
import { compileAccessPolicy } from "../../ext-authz/authorize/access-policy.ts";
import { planAccess } from "../../ext-authz/authorize/access-policy-plan.ts";
import { traceAccess } from "../../ext-authz/authorize/explain-access.ts";
import { isAccessPolicy } from "../../ext-authz/resources/access-policy-resource.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import { mesh, request } from "./fixtures.ts";

function traced(spec: string) {
  const text = `apiVersion: countersign.dev/v1alpha1\nkind: AccessPolicy\nmetadata: { name: a, namespace: foo }\nspec: ${spec}\n`;
  const { resources, problems } = readResources([{ file: "a.yaml", text }]);
  expect(problems).toEqual([]);
  const all: readonly { readonly kind: string }[] = resources;
  const compiled = all.filter(isAccessPolicy).map((policy) => compileAccessPolicy(policy, mesh.rootNamespace));
  return traceAccess(planAccess(compiled), resources, request(), undefined, 0);
}

describe("what an AccessPolicy said", () => {
  test.each([
    ["{ action: ALLOW, cel: \"request.method == 'GET'\" }", true],
    ["{ action: DENY, cel: \"request.method == 'PUT'\" }", false],
    ["{ action: REQUIRE, cel: \"request.headers['x-none'] == 'a'\" }", "error"],
  ])("%s", (spec, says) => {
    expect(traced(spec)).toMatchObject([{ layer: "application", namespace: "foo", name: "a", says, file: "a.yaml" }]);
  });

  test("each rule by its index, with its expression", () => {
    const found = traced(`{ action: ALLOW, rules: [{ name: x, cel: "false" }, { name: y, cel: "true" }] }`);
    expect(found.map(({ rule, expression, says }) => [rule, expression, says])).toEqual([
      [0, "false", false],
      [1, "true", true],
    ]);
  });

  test("in shadow it is said to be", () => {
    expect(traced('{ action: DENY, mode: shadow, cel: "true" }')).toMatchObject([{ shadow: true, says: true }]);
  });
});
