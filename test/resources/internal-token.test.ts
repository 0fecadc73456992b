import { describe, expect, test } from "vitest";
import { annotated, problemsOf, read, resource } from "./read-one.ts";

const token = (spec: object, changes?: object) => resource("InternalToken", { audience: "orders", ...spec }, changes);

describe("InternalToken", () => {
  test("what is not written", () => {
    expect(read(token({})).resources).toEqual([
      {
        ...{ kind: "InternalToken", namespace: "foo", name: "p", file: "p.yaml", line: 1, shadow: false },
        target: { matchLabels: new Map(), targetRefs: [] },
        ...{ audience: "orders", lifetimeSeconds: 60, header: "txn-token", claims: [], constants: {} },
      },
    ]);
  });

  test("all fields", () => {
    const spec = {
      selector: { matchLabels: { app: "a" } },
      mode: "shadow",
      lifetime: "1h",
      header: "X-Internal",
      claims: { roles: "realm_access.roles", __proto__x: "sub" },
      constants: { zone: "pci", levels: [1, null], nothing: null },
    };
    expect(read(token(spec)).resources[0]).toMatchObject({
      ...{ shadow: true, lifetimeSeconds: 3600, header: "x-internal" },
      claims: [
        { claim: "roles", from: "realm_access.roles" },
        { claim: "__proto__x", from: "sub" },
      ],
      constants: { zone: "pci", levels: [1, null], nothing: null },
    });
  });

  test.each([
    [{ audience: "" }, "spec.audience"],
    [{ audience: ["a", "b"] }, "spec.audience"],
    [{ audience: null }, "spec"],
    [{ mode: "SHADOW" }, "spec.mode"],
    [{ lifetime: "0s" }, "spec.lifetime"],
    [{ lifetime: "61m" }, "spec.lifetime"],
    [{ lifetime: "1500ms" }, "spec.lifetime"],
    [{ lifetime: 60 }, "spec.lifetime"],
    [{ header: "a b" }, "spec.header"],
    [{ header: ":path" }, "spec.header"],
    [{ header: "Host" }, "spec.header"],
    [{ claims: { iss: "a" } }, "spec.claims.iss"],
    [{ claims: { a: "b..c" } }, "spec.claims.a"],
    [{ claims: { a: "" } }, "spec.claims.a"],
    [{ claims: { a: "b" }, constants: { a: 1 } }, "spec.claims.a"],
    [{ constants: { exp: 1 } }, "spec.constants.exp"],
    [{ targetRefs: [{ kind: "Pod", name: "x" }] }, "spec.targetRefs[0]"],
    [{ ttl: "1s" }, "spec.ttl"],
  ])("%o is refused", (spec, path) => {
    const { resources, problems } = read(token(spec));
    expect(resources).toEqual([]);
    expect(problems.map((problem) => problem.path)).toEqual([path]);
  });

  test("shadow is said by `mode`, not by Istio's annotation", () => {
    expect(problemsOf(token({}, annotated("true")))).toHaveLength(1);
  });
});
