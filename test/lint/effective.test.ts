import { describe, expect, test } from "vitest";
import { effectiveLines, effectivePolicy, type Operation } from "../../ext-authz/lint/effective.ts";
import { authentication, mesh, peers, policy, resourcesOf } from "./lint-one.ts";

const orders = { namespace: "shop", name: "", labels: new Map([["app", "orders"]]) };
const text =
  policy("DENY", '[{ to: [{ operation: { paths: ["/admin", "/admin/*"] } }] }]', { namespace: "istio-system" }) +
  policy(
    "ALLOW",
    `[{ from: [{ source: { requestPrincipals: ["https://idp.example/*"] } }],
        to: [{ operation: { methods: [GET], paths: ["/orders/*"], hosts: ["a:*"] } }, { operation: { paths: ["/other"] } }],
        when: [{ key: "request.auth.claims[role]", values: [reader] }] }]`,
    { selector: "app: orders" },
  ) +
  policy("ALLOW", "[{}]", { namespace: "elsewhere" }) +
  authentication() +
  peers("STRICT");

function effective(operation: Operation | undefined, strict = true) {
  return effectivePolicy(resourcesOf(text), orders, { ...mesh, strict }, operation);
}

describe("the effective policy of a workload", () => {
  test("of one operation: what remains to be asked of the caller", () => {
    const found = effective({ method: "GET", path: "/orders/1?x" });
    expect(found).toMatchObject({
      issuers: ["https://idp.example"],
      mtls: "STRICT",
      otherRules: 1,
      otherwise: "denied: 1 ALLOW policy applies",
      rules: [
        {
          layer: "service",
          action: "ALLOW",
          from: ['requestPrincipals in ["https://idp.example/*"]'],
          to: ['hosts in ["a:*"]'],
          when: ['request.auth.claims[role] in ["reader"]'],
        },
      ],
    });
    expect(effectiveLines(found).join("\n")).toContain("when request.auth.claims[role] in");
  });

  test("a rule that matches whoever asks is said to do so always", () => {
    const found = effective({ method: "POST", path: "/admin/x" });
    expect(found.rules).toMatchObject([{ layer: "platform", action: "DENY", from: [], to: [""], when: [] }]);
    expect(effectiveLines(found).find((line) => line.startsWith("platform"))).toMatch(/always$/);
  });

  test("without an operation: everything, platform and DENY first", () => {
    expect(effective(undefined).rules.map(({ layer, action }) => `${layer} ${action}`)).toEqual([
      "platform DENY",
      "service ALLOW",
    ]);
  });

  test("AccessPolicies stand among the others, their expressions as conditions", () => {
    const lock = `---
apiVersion: countersign.dev/v1alpha1
kind: AccessPolicy
metadata: { name: lock, namespace: istio-system }
spec: { action: REQUIRE, cel: "request.method != 'TRACE'" }
`;
    const found = effectivePolicy(resourcesOf(text + lock), orders, mesh, { method: "GET", path: "/orders/1" });
    expect(found.rules.map(({ layer, action, rule }) => `${layer} ${action} ${rule}`)[0]).toBe(
      "platform REQUIRE istio-system/lock",
    );
    expect(found.rules[0]?.when).toEqual([`"request.method != 'TRACE'"`]);
  });

  test.each([
    [true, "denied: no ALLOW policy applies (strict)"],
    [false, "allowed: no ALLOW policy applies (strict: false)"],
  ])("without any ALLOW policy, strict %s", (strict, otherwise) => {
    const pay = { namespace: "shop", name: "", labels: new Map([["app", "pay"]]) };
    expect(effectivePolicy(resourcesOf(text), pay, { ...mesh, strict }, undefined).otherwise).toBe(otherwise);
  });
});
