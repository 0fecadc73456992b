import { describe, expect, test } from "vitest";
import type { RequestModel } from "../../ext-authz/model.ts";
import type { AuthorizationPolicy } from "../../ext-authz/resources/resource.ts";
import { decide, policy, type RawRule, tcp } from "./fixtures.ts";

const all: RawRule = {};
const onPath = (...paths: string[]): RawRule => ({ to: [{ paths }] });
const custom = (provider: string, ...rules: RawRule[]) => policy("CUSTOM", rules, { provider });
const shadow = { shadow: true };

function outcome(
  policies: readonly AuthorizationPolicy[],
  changes: Partial<RequestModel> = {},
  strict = false,
): string {
  const verdict = decide(policies, changes, undefined, { strict, extensionProviders: ["opa", "other"] });
  return verdict.effect === "allow" ? "allow" : verdict.refusal.code;
}

describe("order of actions", () => {
  test.each([
    ["nothing, lenient", [], false, "allow"],
    ["nothing, strict", [], true, "no_policy"],
    ["ALLOW that matches", [policy("ALLOW", [all])], true, "allow"],
    ["ALLOW that does not", [policy("ALLOW", [onPath("/x")])], false, "no_policy_allows"],
    ["ALLOW without rules", [policy("ALLOW", undefined)], false, "no_policy_allows"],
    ["ALLOW with an empty list", [policy("ALLOW", [])], false, "no_policy_allows"],
    ["DENY that matches", [policy("DENY", [all]), policy("ALLOW", [all])], false, "denied_by_policy"],
    ["DENY that does not, lenient", [policy("DENY", [onPath("/x")])], false, "allow"],
    ["DENY that does not, strict", [policy("DENY", [onPath("/x")])], true, "no_policy"],
    ["DENY without rules", [policy("DENY", undefined)], false, "allow"],
    ["AUDIT", [policy("AUDIT", [all])], false, "allow"],
    ["AUDIT is no ALLOW", [policy("AUDIT", [all])], true, "no_policy"],
    ["CUSTOM of an unknown provider", [custom("nobody", all), policy("ALLOW", [all])], false, "denied_by_policy"],
    ["CUSTOM without provider", [policy("CUSTOM", [all])], false, "denied_by_policy"],
    ["… on another path", [custom("nobody", onPath("/x"))], false, "allow"],
    ["CUSTOM of a known provider", [custom("opa", all)], false, "allow"],
    ["CUSTOM never allows", [custom("opa", all), policy("ALLOW", [onPath("/x")])], false, "no_policy_allows"],
    ["two providers", [custom("opa", all), custom("other", onPath("/x"))], false, "denied_by_policy"],
    ["dry-run DENY", [policy("DENY", [all], shadow)], false, "allow"],
    ["only dry-run ALLOW, lenient", [policy("ALLOW", [onPath("/x")], shadow)], false, "allow"],
    ["only dry-run ALLOW, strict", [policy("ALLOW", [all], shadow)], true, "no_policy"],
    [
      "dry-run ALLOW does not allow",
      [policy("ALLOW", [all], shadow), policy("ALLOW", undefined)],
      false,
      "no_policy_allows",
    ],
  ])("%s", (_, policies, strict, expected) => {
    expect(outcome(policies, {}, strict)).toBe(expected);
  });
});

describe("what a verdict says", () => {
  const root = { namespace: "istio-system", name: "p" };
  const narrow = { name: "q", target: { matchLabels: new Map([["app", "a"]]), targetRefs: [] } };

  test("the policy, its layer and the rule", () => {
    expect(decide([policy("DENY", [onPath("/x"), all], root)])).toEqual({
      effect: "deny",
      refusal: { code: "denied_by_policy", text: "RBAC: access denied" },
      policy: { kind: "AuthorizationPolicy", ...root, layer: "platform", rule: 1 },
      shadow: [],
    });
    expect(decide([policy("ALLOW", [all], narrow)]).policy).toMatchObject({ name: "q", layer: "service", rule: 0 });
    expect(decide([policy("ALLOW", [all])]).policy).toMatchObject({ namespace: "foo", layer: "application" });
  });

  test("no policy where none decided", () => {
    expect(decide([policy("ALLOW", undefined)]).policy).toBeUndefined();
    expect(decide([]).policy).toBeUndefined();
  });

  test.each([
    ["dry-run DENY that matches", [policy("DENY", [all], shadow)], ["DENY 0"]],
    ["dry-run DENY that does not", [policy("DENY", [onPath("/x")], shadow)], []],
    ["dry-run ALLOW that matches", [policy("ALLOW", [onPath("/x"), all], shadow)], ["ALLOW 1"]],
    ["dry-run ALLOW that would refuse", [policy("ALLOW", [onPath("/x")], shadow)], ["DENY -1"]],
    ["… but another ALLOW allows", [policy("ALLOW", [onPath("/x")], shadow), policy("ALLOW", [all])], []],
    ["… or it is denied anyway", [policy("ALLOW", [onPath("/x")], shadow), policy("DENY", [all])], []],
    ["AUDIT", [policy("AUDIT", [all])], ["AUDIT 0"]],
  ])("shadow: %s", (_, policies, expected) => {
    const { shadow: said } = decide(policies);
    expect(said.map(({ action, policy: { rule } }) => `${action} ${rule}`)).toEqual(expected);
  });
});

describe("TCP", () => {
  const sleep = { ...tcp, sourcePrincipal: "cluster.local/ns/foo/sa/sleep" };
  const httpOnly: readonly RawRule[] = [
    { to: [{ methods: ["GET"] }] },
    { to: [{ notHosts: ["x"] }] },
    { to: [{ notPaths: ["/x"] }] },
    { from: [{ notRequestPrincipals: ["x"] }] },
    { when: [{ key: "request.headers[x]", notValues: ["x"] }] },
    { when: [{ key: "request.auth.claims[x]", notValues: ["x"] }] },
    { when: [{ key: "request.auth.principal", notValues: ["x"] }] },
    { when: [{ key: "request.auth.audiences", notValues: ["x"] }] },
    { when: [{ key: "request.auth.presenter", notValues: ["x"] }] },
  ];
  test.each(httpOnly)("ALLOW drops %o, DENY ignores it", (rule) => {
    expect(outcome([policy("ALLOW", [rule])], sleep)).toBe("no_policy_allows");
    expect(outcome([policy("ALLOW", [{ ...rule, from: [{ namespaces: ["foo"] }] }])], sleep)).toBe(
      rule.from === undefined ? "no_policy_allows" : "allow",
    );
    expect(outcome([policy("DENY", [rule])], sleep)).toBe("denied_by_policy");
  });

  test.each([
    [{ from: [{ namespaces: ["foo"] }] }, true],
    [{ from: [{ ipBlocks: ["10.0.0.1"] }], to: [{ ports: ["8080"] }] }, true],
    [{ to: [{ ports: ["80"] }] }, false],
    [{ when: [{ key: "connection.sni", values: ["a"] }] }, false],
    [{ when: [{ key: "destination.port", values: ["8080"] }] }, true],
    [{ when: [{ key: "experimental.envoy.filters.x[y]", notValues: ["z"] }] }, true],
    [{}, true],
  ])("%o matches: %s", (rule, matched) => {
    expect(outcome([policy("ALLOW", [rule])], sleep)).toBe(matched ? "allow" : "no_policy_allows");
    expect(outcome([policy("DENY", [rule])], sleep)).toBe(matched ? "denied_by_policy" : "allow");
  });

  test("one HTTP-only source or operation drops a whole ALLOW rule", () => {
    const rule = { from: [{ namespaces: ["foo"] }, { requestPrincipals: ["*"] }] };
    expect(outcome([policy("ALLOW", [rule])], sleep)).toBe("no_policy_allows");
    expect(outcome([policy("ALLOW", [rule, { from: [{ namespaces: ["foo"] }] }])], sleep)).toBe("allow");
  });

  test("what is left of a DENY rule still has to match", () => {
    const rule = {
      from: [{ namespaces: ["bar"], requestPrincipals: ["x"] }],
      to: [{ methods: ["GET"], ports: ["8080"] }],
    };
    expect(outcome([policy("DENY", [rule])], sleep)).toBe("allow");
    expect(outcome([policy("DENY", [{ ...rule, from: [{ namespaces: ["foo"] }] }])], sleep)).toBe("denied_by_policy");
  });
});

describe("values that mean nothing never open anything", () => {
  test.each<RawRule>([
    { from: [{ ipBlocks: ["nonsense"] }] },
    { from: [{ notIpBlocks: ["nonsense"] }] },
    { to: [{ notPorts: ["http"] }] },
    { to: [{ notPaths: ["{*}"] }] },
    { when: [{ key: "request.headersX[a]", notValues: ["b"] }] },
    { when: [{ key: "request.auth.claimsX[a]", notValues: ["b"] }] },
    { when: [{ key: "no.such.key", notValues: ["b"] }] },
    { when: [{ key: "experimental.envoy.filters.x", notValues: ["b"] }] },
  ])("%o", (rule) => {
    expect(outcome([policy("ALLOW", [rule])])).toBe("no_policy_allows");
    expect(outcome([policy("DENY", [rule])])).toBe("denied_by_policy");
  });

  test("one such value drops an ALLOW rule whatever else it lists", () => {
    const rule = { from: [{ ipBlocks: ["nonsense", "10.0.0.1"] }] };
    expect(outcome([policy("ALLOW", [rule])])).toBe("no_policy_allows");
  });

  test("a DENY keeps its good values", () => {
    const rule = { from: [{ ipBlocks: ["nonsense", "192.0.2.1"] }] };
    expect(outcome([policy("DENY", [rule])])).toBe("allow");
  });
});
