import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { authorize } from "../../../ext-authz/authorize/authorize.ts";
import { readResources } from "../../../ext-authz/resources/read.ts";
import { compileSnapshot, type SnapshotOptions } from "../../../ext-authz/snapshot.ts";
import { mesh, request } from "../fixtures.ts";
import { bundleBytes } from "../rego/modules.ts";

const options: SnapshotOptions = {
  mesh: { ...mesh, strict: true },
  limits: { tokenLength: 1000, tokens: 8, jsonDepth: 8, pathLength: 1000, checks: 10 },
  clockSkewSeconds: 0,
  keys: {
    sourceFor: () => {
      throw new Error("no keys here");
    },
  },
  compileMint: () => {
    throw new Error("nothing is minted here");
  },
  hash: (text) => createHash("sha256").update(text).digest("hex"),
};

const policy = (namespace: string, spec: string) => `apiVersion: countersign.dev/v1alpha1
kind: AccessPolicy
metadata: { name: p, namespace: ${namespace} }
spec: ${spec}
`;

function snapshotOf(texts: readonly string[], bundle: Uint8Array = bundleBytes) {
  const files = texts.map((text, index) => ({ file: `${index}.yaml`, text }));
  const { resources, problems } = readResources(files, () => ({ ok: true, value: bundle }));
  expect(problems).toEqual([]);
  return compileSnapshot(resources, options);
}

const workload = (namespace: string, app: string) => ({ namespace, name: "", labels: new Map([["app", app]]) });

describe("AccessPolicies in a snapshot", () => {
  const allowAll = policy("shop", '{ action: ALLOW, cel: "true" }');
  const lock = policy("istio-system", `{ action: REQUIRE, cel: request.path != "/admin" }`);
  const orders = policy("bank", '{ selector: { matchLabels: { app: orders } }, action: ALLOW, cel: "true" }');

  test.each<readonly [namespace: string, app: string, path: string, effect: string]>([
    ["shop", "x", "/", "allow"],
    ["shop", "x", "/admin", "deny"],
    ["bank", "orders", "/", "allow"],
    ["bank", "orders", "/admin", "deny"],
    ["bank", "stock", "/", "deny"],
    ["other", "orders", "/", "deny"],
  ])("%s/%s %s", (namespace, app, path, effect) => {
    const plan = snapshotOf([allowAll, lock, orders]).planFor(workload(namespace, app));
    expect(authorize(plan.authorization, request({ path }), undefined).effect).toBe(effect);
  });

  test("Rego is compiled once and serves every workload", () => {
    const snapshot = snapshotOf([
      policy("istio-system", "{ action: ALLOW, rego: { bundle: b.tar.gz, entrypoint: countersign/cases/sometimes } }"),
    ]);
    const effects = ["a", "b", "c"].flatMap((namespace) => {
      const { authorization } = snapshot.planFor(workload(namespace, "x"));
      return ["GET", "POST"].map((method) => authorize(authorization, request({ method }), undefined).effect);
    });
    expect(effects).toEqual(["allow", "deny", "allow", "deny", "allow", "deny"]);
  });

  test("the revision follows the policies and the bytes of their modules, not their order", () => {
    const rego = policy("bank", "{ action: ALLOW, rego: { wasm: m.wasm, entrypoint: countersign/cases/always } }");
    const unpacked = snapshotOf([
      policy("bank", "{ action: ALLOW, rego: { bundle: b.tar.gz, entrypoint: countersign/cases/always } }"),
    ]);
    const module = unpacked.resources.flatMap((one) => bytesOf(one))[0];
    if (module === undefined) throw new Error("no module");
    const longer = new Uint8Array([...module, 0, 2, 1, 0x61]); // a custom section named "a"
    expect(snapshotOf([lock, allowAll]).revision).toBe(snapshotOf([allowAll, lock]).revision);
    expect(snapshotOf([lock]).revision).not.toBe(snapshotOf([allowAll]).revision);
    expect(snapshotOf([rego], module).revision).not.toBe(snapshotOf([rego], longer).revision);
  });
});

function bytesOf(resource: object): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  JSON.stringify(resource, (_, value: unknown) => {
    if (!(value instanceof Uint8Array)) return value;
    found.push(value);
    return "";
  });
  return found;
}
