import { describe, expect, test } from "vitest";
import { annotated, problemsOf, read, resource } from "./read-one.ts";

const ap = (spec: unknown, changes?: object) => resource("AuthorizationPolicy", spec, changes);
const from = (source: object, action = "ALLOW") => ap({ action, rules: [{ from: [{ source }] }] });
const to = (operation: object, action = "ALLOW") => ap({ action, rules: [{ to: [{ operation }] }] });
const when = (condition: object, action = "ALLOW") =>
  ap({ action, rules: [{ when: [condition] }], ...(action === "CUSTOM" ? { provider: { name: "x" } } : {}) });
const rules = (count: number) => Array.from({ length: count }, () => ({}));
const sources = (count: number) => Array.from({ length: count }, () => ({ source: { principals: ["p"] } }));

describe("what is read", () => {
  test("all fields", () => {
    const spec = {
      selector: { matchLabels: { app: "a" } },
      action: "DENY",
      rules: [
        { from: [{ source: { principals: ["p"], notIpBlocks: ["::1"] } }], to: [{ operation: { ports: ["80"] } }] },
        { when: [{ key: "source.ip", values: ["1.2.3.4"], notValues: ["1.2.3.5"] }] },
      ],
    };
    const [policy] = read(ap(spec, annotated("T"))).resources;
    expect(policy).toEqual({
      ...{ kind: "AuthorizationPolicy", namespace: "default", name: "p", file: "p.yaml", line: 1 },
      target: { matchLabels: new Map([["app", "a"]]), targetRefs: [] },
      shadow: true,
      action: "DENY",
      rules: [
        { from: [{ principals: ["p"], notIpBlocks: ["::1"] }], to: [{ ports: ["80"] }], when: [] },
        {
          from: undefined,
          to: undefined,
          when: [{ key: "source.ip", values: ["1.2.3.4"], notValues: ["1.2.3.5"] }],
        },
      ],
      provider: undefined,
    });
  });

  test.each([
    ["absent", {}, undefined],
    ["null", { rules: null }, undefined],
    ["[]", { rules: [] }, []],
    ["[{}]", { rules: [{}] }, [{ from: undefined, to: undefined, when: [] }]],
    ["nulls inside", { rules: [{ from: null, to: null, when: null }] }, [{ from: undefined, to: undefined, when: [] }]],
  ])("rules %s", (_, spec, rules) => {
    const [policy] = read(ap(spec)).resources;
    expect(policy?.kind === "AuthorizationPolicy" && policy.rules).toEqual(rules);
  });

  test("a list that is empty is a list that is not written", () => {
    const [policy] = read(from({ principals: [], namespaces: ["a"] })).resources;
    expect(policy?.kind === "AuthorizationPolicy" && policy.rules?.[0]?.from).toEqual([{ namespaces: ["a"] }]);
  });

  test("targetRef and targetRefs", () => {
    const ref = { group: "gateway.networking.k8s.io", kind: "Gateway", name: "g" };
    const expected = [{ ...ref, namespace: "" }];
    expect(read(ap({ targetRef: ref })).resources[0]?.target.targetRefs).toEqual(expected);
    expect(read(ap({ targetRefs: [ref], targetRef: null })).resources[0]?.target.targetRefs).toEqual(expected);
  });
});

describe("what Istio admits", () => {
  test.each([
    ap({ provider: { name: "x" }, action: "CUSTOM", rules: [{ from: [{ source: { ipBlocks: ["1.2.3.4"] } }] }] }),
    ap({}, annotated("0")),
    from({ principals: ["*a*"] }),
    from({ trustDomains: ["a", "a*", "*a", "*"] }),
    from({ serviceAccounts: ["a", "a/b"], trustDomains: ["td"] }),
    from({ notNamespaces: ["a*b*c"] }),
    to({ hosts: ["a*b"], methods: ["G*T"], paths: ["/a*b", "*", "/{**}"] }),
    to({ ports: ["0", "65535", "00080"] }),
    when({ key: "request.headers[a]", values: ["*"] }),
    when({ key: "request.auth.claims[a][b]", notValues: ["x"] }),
    when({ key: "experimental.envoy.filters.a[b]", values: ["[x]"] }),
    when({ key: "source.ip", values: ["10.0.0.0/8"] }, "CUSTOM"),
    ap({ action: "AUDIT", rules: [{}] }),
  ])("%s", (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  test.each([
    ap({
      action: "DENY",
      rules: [{ to: [{ operation: { paths: ["/x"] } }], from: [{ source: { ipBlocks: ["::1"] } }] }],
    }),
    from({ notRequestPrincipals: ["*"] }, "DENY"),
    ap({ selector: { matchLabels: {} } }),
    ap({ selector: {} }),
  ])("with a warning: %s", (text) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(/^warning /)]);
    expect(read(text).resources).toHaveLength(1);
  });

  test.each([
    from({ namespaces: ["a"], requestPrincipals: ["*"] }, "DENY"),
    when({ key: "request.headers[a]", values: ["b"] }, "DENY"),
    ap({ action: "DENY", rules: [{}] }),
  ])("without a warning: %s", (text) => {
    expect(problemsOf(text)).toEqual([]);
  });
});

describe("what Istio refuses", () => {
  test.each([
    [ap({ action: "allow" }), "spec.action"],
    [ap({ action: 1 }), "spec.action"],
    [ap({ action: "DENY" }), "spec.rules"],
    [ap({ action: "DENY", rules: [] }), "spec.rules"],
    [ap({ action: "CUSTOM", rules: [{}] }), "spec.provider"],
    [ap({ action: "CUSTOM", rules: [{}], provider: {} }), "spec.provider"],
    [ap({ provider: { name: "x" } }), "spec.provider"],
    [ap({ rules: {} }), "spec.rules"],
    [ap({ rules: [null] }), "spec.rules[0]"],
    [ap({ rules: [{ from: [] }] }), "spec.rules[0].from"],
    [ap({ rules: [{ to: [] }] }), "spec.rules[0].to"],
    [ap({ rules: [{ from: [null] }] }), "spec.rules[0].from[0]"],
    [ap({ rules: [{ form: [] }] }), "spec.rules[0].form"],
    [from({}), "spec.rules[0].from[0].source"],
    [from({ principals: [] }), "spec.rules[0].from[0].source"],
    [from({ principals: "*" }), "spec.rules[0].from[0].source.principals"],
    [from({ principals: [""] }), "spec.rules[0].from[0].source.principals[0]"],
    [from({ principal: ["x"] }), "spec.rules[0].from[0].source.principal"],
    [from({ serviceAccounts: ["a"], notPrincipals: ["b"] }), "spec.rules[0].from[0].source"],
    [from({ notServiceAccounts: ["a"], notNamespaces: ["b"] }), "spec.rules[0].from[0].source"],
    [from({ notServiceAccounts: ["a*"] }), "spec.rules[0].from[0].source.notServiceAccounts[0]"],
    [from({ serviceAccounts: ["/a"] }), "spec.rules[0].from[0].source.serviceAccounts[0]"],
    [from({ serviceAccounts: ["a".repeat(321)] }), "spec.rules[0].from[0].source.serviceAccounts[0]"],
    [from({ notTrustDomains: ["a*b"] }), "spec.rules[0].from[0].source.notTrustDomains[0]"],
    [from({ ipBlocks: ["fe80::1%eth0"] }), "spec.rules[0].from[0].source.ipBlocks[0]"],
    [to({ methods: [] }), "spec.rules[0].to[0].operation"],
    [to({ ports: [80] }), "spec.rules[0].to[0].operation.ports[0]"],
    [to({ notPorts: ["-1"] }), "spec.rules[0].to[0].operation.notPorts[0]"],
    [to({ ports: ["+80"] }), "spec.rules[0].to[0].operation.ports[0]"],
    [to({ paths: ["{*}/a"] }), "spec.rules[0].to[0].operation.paths[0]"],
    [to({ notPaths: ["/a", "/{a}"] }), "spec.rules[0].to[0].operation.notPaths[1]"],
    [when({ values: ["a"] }), "spec.rules[0].when[0]"],
    [when({ key: "source.ip" }), "spec.rules[0].when[0]"],
    [when({ key: "source.ip", values: [], notValues: [] }), "spec.rules[0].when[0]"],
    [when({ key: "source.ip", values: [true] }), "spec.rules[0].when[0].values[0]"],
    [when({ key: "source.ip", notValues: ["x"] }), "spec.rules[0].when[0].notValues[0]"],
    [when({ key: "destination.port", values: ["x"] }), "spec.rules[0].when[0].values[0]"],
    [when({ key: "request.headers[]", values: ["x"] }), "spec.rules[0].when[0].key"],
    [when({ key: "request.auth.claims", values: ["x"] }), "spec.rules[0].when[0].key"],
    [when({ key: "Source.ip", values: ["1.2.3.4"] }), "spec.rules[0].when[0].key"],
    [when({ key: "__proto__", values: ["x"] }), "spec.rules[0].when[0].key"],
    [when({ key: "request.auth.audiences", values: ["x"] }, "CUSTOM"), "spec.rules[0].when[0].key"],
    [when({ key: "source.serviceAccount", values: ["x"] }, "CUSTOM"), "spec.rules[0].when[0].key"],
    [ap({}, annotated("yes")), 'metadata.annotations["istio.io/dry-run"]'],
    [ap({ action: "AUDIT", rules: [{}] }, annotated("false")), 'metadata.annotations["istio.io/dry-run"]'],
    [ap({ selector: { matchLabels: { "a*": "b" } } }), 'spec.selector.matchLabels["a*"]'],
    [ap({ selector: { matchLabels: { a: "b".repeat(64) } } }), "spec.selector.matchLabels.a"],
    [ap({ selector: { matchLabels: { a: 1 } } }), "spec.selector.matchLabels.a"],
    [ap({ selector: { matchExpressions: [] } }), "spec.selector.matchExpressions"],
    [ap({ targetRef: { kind: "Service" } }), "spec.targetRef"],
    [ap({ targetRef: { kind: "Service", name: "s", namespace: "x" } }), "spec.targetRef"],
    [ap({ targetRefs: [{ kind: "Gateway", name: "g" }] }), "spec.targetRefs[0]"],
    [ap({ targetRefs: Array(17).fill({ kind: "Service", name: "s" }) }), "spec.targetRefs"],
    [ap({ targetRef: { kind: "Service", name: "s" }, targetRefs: [{ kind: "Service", name: "s" }] }), "spec"],
    [ap({ targetRef: { kind: "Service", name: "s" }, selector: {} }), "spec"],
  ])("%s", (text, path) => {
    const { resources, problems } = read(text);
    expect(resources).toEqual([]);
    expect(problems.filter(({ severity }) => severity === "error").map((problem) => problem.path)).toEqual([path]);
  });

  test("more than 512 rules, or sources in a rule", () => {
    expect(problemsOf(ap({ rules: rules(512) }))).toEqual([]);
    expect(problemsOf(ap({ rules: rules(513) }))).toEqual(["error spec.rules: is longer than 512"]);
    expect(problemsOf(ap({ rules: [{ from: sources(512) }] }))).toEqual([]);
    expect(problemsOf(ap({ rules: [{ from: sources(513) }] }))).toEqual([
      "error spec.rules[0].from: is longer than 512",
    ]);
  });
});
