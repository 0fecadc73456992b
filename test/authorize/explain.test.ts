import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { planAccess } from "../../ext-authz/authorize/access-policy-plan.ts";
import { authorize } from "../../ext-authz/authorize/authorize.ts";
import { tracePolicies } from "../../ext-authz/authorize/explain.ts";
import { explainDecision } from "../../ext-authz/authorize/explain-decision.ts";
import { nearestAllow } from "../../ext-authz/authorize/explain-nearest.ts";
import { positive } from "../../ext-authz/authorize/explain-values.ts";
import { compileAuthorization } from "../../ext-authz/authorize/plan.ts";
import type { JsonObject, RequestModel } from "../../ext-authz/model.ts";
import type { AuthorizationPolicy } from "../../ext-authz/resources/resource.ts";
import { mesh, policy, type RawRule, request, tcp } from "./fixtures.ts";
import { type IstioCase, meshOf, payloadOf, requestOf, resourcesOf } from "./istio-case.ts";

function traces(policies: readonly AuthorizationPolicy[], changes: Partial<RequestModel> = {}, payload?: JsonObject) {
  return tracePolicies(policies, request(changes), payload, mesh);
}

/** The one clause of a policy with one rule of one clause. */
function clause(rule: RawRule, changes: Partial<RequestModel> = {}, payload?: JsonObject) {
  const [trace] = traces([policy("ALLOW", [rule])], changes, payload);
  const [found] = trace?.rules ?? [];
  return [...(found?.sources.flat() ?? []), ...(found?.operations.flat() ?? []), ...(found?.conditions ?? [])][0];
}

const when = (key: string, values: readonly string[]): RawRule => ({ when: [{ key, values }] });

describe("what a clause was compared with", () => {
  const claims: JsonObject = { iss: "i", sub: "s", aud: ["a", "b"], azp: "p", deep: { role: ["x"] }, age: 7 };
  const rows: readonly (readonly [string, RawRule, readonly string[]])[] = [
    ["principals", { from: [{ principals: ["*"] }] }, ["td/ns/n/sa/s"]],
    ["notNamespaces", { from: [{ notNamespaces: ["x"] }] }, ["td/ns/n/sa/s"]],
    ["requestPrincipals", { from: [{ requestPrincipals: ["*"] }] }, ["iss i, sub s"]],
    ["ipBlocks", { from: [{ ipBlocks: ["10.0.0.0/8"] }] }, ["10.0.0.1"]],
    ["remoteIpBlocks", { from: [{ remoteIpBlocks: ["10.0.0.0/8"] }] }, ["203.0.113.9"]],
    ["hosts", { to: [{ hosts: ["a"] }] }, ["example.com"]],
    ["methods", { to: [{ methods: ["PUT"] }] }, ["GET"]],
    ["paths", { to: [{ notPaths: ["/a"] }] }, ["/"]],
    ["ports", { to: [{ ports: ["1"] }] }, ["8080"]],
    ["claims", when("request.auth.claims[deep][role]", ["x"]), ["x"]],
    ["a claim that is no string", when("request.auth.claims[age]", ["7"]), ["7 (not a string)"]],
    ["an absent claim", when("request.auth.claims[none]", ["7"]), []],
    ["audiences", when("request.auth.audiences", ["z"]), ["a", "b"]],
    ["presenter", when("request.auth.presenter", ["z"]), ["p"]],
    ["header lines", when("request.headers[x-role]", ["z"]), ["a", "b"]],
    ["a pseudo header", when("request.headers[:method]", ["GET"]), ["GET"]],
    ["destination.ip", when("destination.ip", ["10.1.1.1"]), ["10.1.1.1"]],
    ["sni", when("connection.sni", ["z"]), ["sni.example"]],
  ];
  test.each(rows)("%s", (_, rule, actual) => {
    const seen = {
      sourcePrincipal: "td/ns/n/sa/s",
      sni: "sni.example",
      headers: new Map([["x-role", ["a", "b"]]]),
    };
    expect(clause(rule, seen, claims)?.actual).toEqual(actual);
  });

  test.each([
    ["authorization", "Bearer abc"],
    ["cookie", "session=1"],
    ["x-my-token", "abc"],
    ["x-other", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.sig"],
  ])("never the value of %s", (name, value) => {
    const found = clause(when(`request.headers[${name}]`, ["x"]), { headers: new Map([[name, [value]]]) });
    expect(found?.actual).toHaveLength(1);
    expect(JSON.stringify(found)).not.toMatch(/abc|session=1|eyJ/);
  });

  test("is cut and counted", () => {
    const lines = Array.from({ length: 50 }, (_, index) => `${"x".repeat(1000)}${index}`);
    const found = clause(when("request.headers[x-a]", lines), { headers: new Map([["x-a", lines]]) });
    expect(found?.actual).toHaveLength(21);
    expect(found?.operands.at(-1)).toBe("… 30 more");
    expect(found?.actual[0]?.length).toBe(201);
  });

  test("a claim may be called __proto__", () => {
    const payload: JsonObject = JSON.parse('{"iss": "i", "__proto__": "x"}');
    expect(clause(when("request.auth.claims[__proto__]", ["x"]), {}, payload)).toMatchObject({
      actual: ["x"],
      holds: true,
    });
    expect(clause(when("request.auth.claims[constructor]", ["x"]), {}, payload)?.actual).toEqual([]);
  });

  test.each([
    ["source.notIpBlocks", "source.ipBlocks"],
    ["operation.notPaths", "operation.paths"],
    ["request.headers[source.notX]", "request.headers[source.notX]"],
    ["source.ip", "source.ip"],
  ])("%s speaks of %s", (field, expected) => {
    expect(positive(field)).toBe(expected);
  });
});

describe("the order of a trace", () => {
  test("is CUSTOM, DENY, ALLOW, AUDIT, and within them the layers", () => {
    const service = { target: { matchLabels: new Map([["a", "b"]]), targetRefs: [] } };
    const found = traces([
      policy("AUDIT", [{}]),
      policy("ALLOW", [{}], service),
      policy("ALLOW", [{}], { namespace: mesh.rootNamespace }),
      policy("DENY", [{}], service),
      policy("DENY", [{}]),
      policy("CUSTOM", [{}]),
    ]);
    expect(found.map(({ action, layer }) => `${action} ${layer}`)).toEqual([
      "CUSTOM application",
      "DENY application",
      "DENY service",
      "ALLOW platform",
      "ALLOW service",
      "AUDIT application",
    ]);
  });

  test("what TCP does not have drops an ALLOW rule, and says so", () => {
    const [trace] = traces([policy("ALLOW", [{ to: [{ paths: ["/a"] }] }])], tcp);
    expect(trace?.rules[0]?.dropped).toMatch(/TCP/);
  });

  test("of very many rules those that match are kept", () => {
    const rules = Array.from({ length: 300 }, (_, index): RawRule => ({ to: [{ paths: [`/${index}`] }] }));
    const [trace] = traces([policy("ALLOW", rules)], { path: "/299" });
    expect(trace).toMatchObject({ matched: true, hiddenRules: 99 });
    expect(trace?.rules.at(-1)).toMatchObject({ rule: 299, matched: true });
  });
});

describe("the nearest rule", () => {
  const reader: RawRule = { to: [{ paths: ["/orders"] }], ...when("request.auth.claims[role]", ["reader"]) };
  const other: RawRule = { to: [{ paths: ["/other"] }] };

  test("is first the one for this operation", () => {
    const found = nearestAllow(traces([policy("ALLOW", [other, reader])], { path: "/orders" }));
    expect(found).toMatchObject({ policy: "foo/allow", rule: 1 });
    expect(found?.missing.map(({ field }) => field)).toEqual(["request.auth.claims[role]"]);
  });

  test("takes the alternative that lacks least", () => {
    const rule: RawRule = { from: [{ principals: ["x"], namespaces: ["y"] }, { ipBlocks: ["192.0.2.1"] }] };
    const found = nearestAllow(traces([policy("ALLOW", [rule])]));
    expect(found?.missing.map(({ field }) => field)).toEqual(["source.ipBlocks"]);
  });

  test("is none where nothing could allow: DENY, shadow, dropped", () => {
    const shadow = policy("ALLOW", [{}], { shadow: true });
    expect(nearestAllow(traces([policy("DENY", [{}]), shadow]))).toBeUndefined();
    expect(nearestAllow(traces([policy("ALLOW", [other])], tcp))).toBeUndefined();
  });

  test("with nothing missing it is the DENY that refuses", () => {
    expect(nearestAllow(traces([policy("DENY", [{}]), policy("ALLOW", [{}])]))?.missing).toEqual([]);
  });
});

describe("the whole explanation", () => {
  const access = planAccess([]);
  const words = { effect: "deny", reason: "no_policy", detail: "", policy: "" } as const;

  test("names neighbours that do not select the workload", () => {
    const labels = { matchLabels: new Map([["app", "orders"]]), targetRefs: [] };
    const { workload } = request();
    const judged = { request: request(), payload: undefined, now: 0 };
    const inForce = { resources: [policy("ALLOW", [{}], { target: labels })], access };
    const found = explainDecision(words, workload, judged, inForce, mesh);
    expect(found.policies).toEqual([]);
    expect(found.notSelecting).toEqual([
      { policy: "foo/allow", layer: "service", why: "selects app=orders, the workload has no such label" },
    ]);
  });

  test("of a request that was refused before policies were asked shows none of them", () => {
    const found = explainDecision(
      words,
      request().workload,
      undefined,
      { resources: [policy("ALLOW", [{}])], access },
      mesh,
    );
    expect(found).toMatchObject({ policies: [], nearest: undefined });
  });
});

describe("trace and verdict agree on every conformance case", () => {
  const file = new URL("../cases/istio-authz.json", import.meta.url);
  const { cases }: { cases: readonly IstioCase[] } = JSON.parse(readFileSync(file, "utf8"));

  test.each(cases.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const policies = resourcesOf(one).filter((resource) => resource.kind === "AuthorizationPolicy");
    const asked = requestOf(one);
    const payload = payloadOf(one);
    const verdict = authorize(compileAuthorization(policies, meshOf(one)), asked, payload);
    const found = tracePolicies(policies, asked, payload, meshOf(one));
    const matched = (action: string) =>
      found.some((trace) => trace.action === action && !trace.shadow && trace.matched);
    if (verdict.policy !== undefined && verdict.policy.rule >= 0) {
      const trace = found.find(
        ({ namespace, name }) => namespace === verdict.policy?.namespace && name === verdict.policy.name,
      );
      expect(trace?.rules.find(({ rule }) => rule === verdict.policy?.rule)?.matched).toBe(true);
    }
    if (verdict.effect === "allow") expect(matched("DENY")).toBe(false);
    else if (verdict.refusal.code === "no_policy_allows") expect(matched("ALLOW")).toBe(false);
  });
});
