import { describe, expect, test } from "vitest";
import { authorize } from "../../ext-authz/authorize/authorize.ts";
import { planPeers, unidentifiedPeer } from "../../ext-authz/authorize/peer-authentication.ts";
import { compileAuthorization } from "../../ext-authz/authorize/plan.ts";
import { defaults } from "../../ext-authz/config/defaults.ts";
import type { RequestModel } from "../../ext-authz/model.ts";
import type { PeerAuthentication } from "../../ext-authz/resources/resource.ts";
import { compileSnapshot } from "../../ext-authz/snapshot.ts";
import { mesh, policy, request, tcp } from "./fixtures.ts";

type Mode = PeerAuthentication["mode"];
const root = mesh.rootNamespace;

function peers(
  where: "mesh" | "namespace" | "workload" | "root workload",
  mode: Mode,
  ports: Readonly<Record<number, Mode>> = {},
  name: string = where,
): PeerAuthentication {
  const selected = where === "workload" || where === "root workload";
  return {
    kind: "PeerAuthentication",
    namespace: where === "mesh" || where === "root workload" ? root : "foo",
    name,
    target: { matchLabels: new Map(selected ? [["app", "a"]] : []), targetRefs: [] },
    shadow: false,
    file: "p.yaml",
    line: 1,
    mode,
    portLevelMtls: new Map(Object.entries(ports).map(([port, of]) => [Number(port), of])),
  };
}

/** The port of these requests is 8080. */
const refusedBy = (policies: readonly PeerAuthentication[], changes: Partial<RequestModel> = {}) =>
  unidentifiedPeer(planPeers(policies, root), request(changes))?.name;

describe("the mode that counts", () => {
  test.each<[string, readonly PeerAuthentication[], string | undefined]>([
    ["none: permissive", [], undefined],
    ["mesh", [peers("mesh", "STRICT")], "mesh"],
    ["namespace before mesh", [peers("mesh", "STRICT"), peers("namespace", "PERMISSIVE")], undefined],
    ["namespace before mesh, stricter", [peers("mesh", "DISABLE"), peers("namespace", "STRICT")], "namespace"],
    ["workload before namespace", [peers("namespace", "STRICT"), peers("workload", "DISABLE")], undefined],
    ["workload alone", [peers("workload", "STRICT")], "workload"],
    ["UNSET asks the namespace", [peers("namespace", "STRICT"), peers("workload", "UNSET")], "namespace"],
    ["UNSET asks the mesh", [peers("mesh", "STRICT"), peers("namespace", "UNSET"), peers("workload", "UNSET")], "mesh"],
    ["all UNSET: permissive", [peers("mesh", "UNSET")], undefined],
    ["a selector in the root namespace is ignored", [peers("root workload", "STRICT")], undefined],
    ["… and loosens nothing", [peers("mesh", "STRICT"), peers("root workload", "DISABLE")], "mesh"],
    ["a port", [peers("workload", "PERMISSIVE", { 8080: "STRICT" })], "workload"],
    ["another port", [peers("workload", "PERMISSIVE", { 80: "STRICT" })], undefined],
    ["an open port", [peers("workload", "STRICT", { 8080: "PERMISSIVE" })], undefined],
    ["an UNSET port asks the workload", [peers("workload", "STRICT", { 8080: "UNSET" })], "workload"],
    ["… and further", [peers("mesh", "STRICT"), peers("workload", "UNSET", { 8080: "UNSET" })], "mesh"],
    ["two of one scope: the strictest", [peers("mesh", "STRICT", {}, "b"), peers("mesh", "DISABLE", {}, "a")], "b"],
    ["two as strict: the first by name", [peers("mesh", "STRICT", {}, "b"), peers("mesh", "STRICT", {}, "a")], "a"],
    [
      "two with one port: the strictest",
      [peers("workload", "UNSET", { 8080: "DISABLE" }, "a"), peers("workload", "UNSET", { 8080: "STRICT" }, "b")],
      "b",
    ],
  ])("%s", (_, policies, expected) => {
    expect(refusedBy(policies)).toBe(expected);
    expect(refusedBy(policies.toReversed())).toBe(expected);
    expect(refusedBy(policies, { sourcePrincipal: "td/ns/foo/sa/x" })).toBeUndefined();
    expect(refusedBy(policies, tcp)).toBe(expected);
  });

  const gateway = { "gateway.networking.k8s.io/gateway-name": "g" };
  test.each<[string, Readonly<Record<string, string>>, string | undefined]>([
    ["a gateway's listeners have their own TLS", gateway, undefined],
    ["a waypoint has not", { ...gateway, "gateway.istio.io/managed": "istio.io-mesh-controller" }, "mesh"],
    ["Istio's own ingress", { istio: "ingressgateway" }, undefined],
    ["Istio's own egress", { istio: "egressgateway" }, "mesh"],
  ])("%s", (_, labels, expected) => {
    const workload = { namespace: "foo", name: "", labels: new Map(Object.entries(labels)) };
    expect(refusedBy([peers("mesh", "STRICT")], { workload })).toBe(expected);
  });
});

describe("the verdict", () => {
  const verdict = (strict: boolean, changes: Partial<RequestModel> = {}) =>
    authorize(
      compileAuthorization([policy("ALLOW", [{}])], { ...mesh, strict }, [], [peers("namespace", "STRICT")]),
      request(changes),
      undefined,
    );

  test("names the PeerAuthentication, whatever other policies allow", () => {
    expect(verdict(true)).toEqual({
      effect: "deny",
      refusal: { code: "peer_not_authenticated", text: "RBAC: access denied" },
      policy: { kind: "PeerAuthentication", namespace: "foo", name: "namespace", layer: "application", rule: -1 },
      shadow: [],
    });
    expect(verdict(true, { sourcePrincipal: "td/ns/foo/sa/x" }).effect).toBe("allow");
  });

  test("without strict it is the mesh's matter alone, as with Istio", () => {
    expect(verdict(false).effect).toBe("allow");
  });

  test("comes from the snapshot, by workload", () => {
    const snapshot = compileSnapshot([policy("ALLOW", [{}]), peers("workload", "STRICT")], {
      ...defaults,
      keys: { sourceFor: () => ({ current: () => undefined, renew: () => undefined }) },
      compileMint: () => {
        throw new Error("no tokens here");
      },
      hash: (text) => text,
    });
    const decided = (app: string) => {
      const workload = { namespace: "foo", name: "", labels: new Map([["app", app]]) };
      return authorize(snapshot.planFor(workload).authorization, request({ workload }), undefined).effect;
    };
    expect([decided("a"), decided("b"), decided("a")]).toEqual(["deny", "allow", "deny"]);
    const planOf = (app: string) => snapshot.planFor({ namespace: "foo", name: "", labels: new Map([["app", app]]) });
    expect(planOf("b")).toBe(planOf("c"));
    expect(planOf("a")).not.toBe(planOf("b"));
  });
});
