import { describe, expect, test } from "vitest";
import type { Target, TargetReference } from "../../ext-authz/resources/resource.ts";
import { applies, layerOf } from "../../ext-authz/resources/select.ts";

const root = "istio-system";
const gatewayName = "gateway.networking.k8s.io/gateway-name";
const plain = { app: "a", version: "v1" };
const gateway = { ...plain, [gatewayName]: "g" };
const waypoint = { ...gateway, "gateway.istio.io/managed": "istio.io-mesh-controller" };

const labels = (matchLabels: Record<string, string> = {}): Target => ({
  matchLabels: new Map(Object.entries(matchLabels)),
  targetRefs: [],
});
const refs = (...changes: Partial<TargetReference>[]): Target => ({
  matchLabels: new Map(),
  targetRefs: changes.map((change) => ({
    group: "gateway.networking.k8s.io",
    kind: "Gateway",
    name: "g",
    namespace: "",
    ...change,
  })),
});

describe("which resources apply to a workload of the namespace foo", () => {
  test.each([
    ["foo", labels(), plain, true],
    ["bar", labels(), plain, false],
    [root, labels(), plain, true],
    ["foo", labels({ app: "a" }), plain, true],
    ["foo", labels({ app: "a", version: "v2" }), plain, false],
    ["foo", labels({ app: "A" }), plain, false],
    ["foo", labels({ other: "x" }), plain, false],
    ["foo", labels({ __proto__x: "x" }), plain, false],
    [root, labels({ app: "a" }), plain, true],
    [root, labels({ app: "b" }), plain, false],
    ["foo", refs({}), plain, false],
    [root, refs({}), plain, false],
    ["foo", refs({}), gateway, true],
    ["foo", refs({ name: "other" }, {}), gateway, true],
    ["foo", refs({ name: "other" }), gateway, false],
    ["foo", refs({ kind: "Service" }), gateway, false],
    ["foo", refs({ group: "" }), gateway, false],
    ["foo", refs({ namespace: "foo" }), gateway, true],
    ["foo", refs({ namespace: "bar" }), gateway, false],
    [root, refs({}), gateway, false],
    ["foo", labels({ app: "a" }), gateway, true],
    ["foo", labels(), gateway, true],
    ["foo", labels(), waypoint, false],
    ["foo", refs({}), waypoint, true],
    [root, refs({ kind: "GatewayClass", name: "istio-waypoint" }), waypoint, true],
    ["foo", refs({ kind: "GatewayClass", name: "istio-waypoint" }), waypoint, false],
    [root, refs({ kind: "GatewayClass", name: "istio-waypoint" }), gateway, false],
  ])("%s %o on %o: %s", (namespace, target, workload, expected) => {
    const of = { namespace: "foo", name: "w", labels: new Map(Object.entries(workload)) };
    expect(applies({ namespace, target }, of, root)).toBe(expected);
  });

  test("a workload of the root namespace sees the policies of that namespace only", () => {
    const of = { namespace: root, name: "w", labels: new Map<string, string>() };
    expect(applies({ namespace: root, target: labels() }, of, root)).toBe(true);
    expect(applies({ namespace: "foo", target: labels() }, of, root)).toBe(false);
  });
});

describe("layers", () => {
  test.each([
    [root, labels(), "platform"],
    [root, labels({ app: "a" }), "platform"],
    ["foo", labels(), "application"],
    ["foo", labels({ app: "a" }), "service"],
    ["foo", refs({}), "service"],
  ])("%s %o: %s", (namespace, target, layer) => {
    expect(layerOf({ namespace, target }, root)).toBe(layer);
  });
});
