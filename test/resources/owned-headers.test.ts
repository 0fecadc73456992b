/** What the guard owns follows from what policies write: derived here, and held against what authentication really sets. */
import { describe, expect, it } from "vitest";
import { edgeZone, innerZone } from "../../envoy/samples.ts";
import { edgeResources, zoneResources } from "../../examples/demo/policies.ts";
import { compileAuthentication } from "../../ext-authz/authenticate/plan.ts";
import { defaults } from "../../ext-authz/config/defaults.ts";
import { ownedHeadersOf } from "../../ext-authz/resources/owned-headers.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import type { Resource } from "../../ext-authz/resources/resource.ts";

function read(...objects: readonly object[]): readonly Resource[] {
  const items = objects.map((object, index) => ({ ...object, metadata: { namespace: "shop", name: `r${index}` } }));
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  const { resources, problems } = readResources([{ file: "test", text }]);
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  return resources;
}

const ours = ["x-countersign-*", "txn-token"];
const jwt = (rule: object) => ({
  apiVersion: "security.istio.io/v1",
  kind: "RequestAuthentication",
  spec: { jwtRules: [{ issuer: "i", jwks: '{"keys":[]}', ...rule }] },
});
const token = (spec: object) => ({
  apiVersion: "countersign.dev/v1alpha1",
  kind: "InternalToken",
  spec: { audience: "a", lifetime: "60s", ...spec },
});

describe("ownedHeadersOf", () => {
  const cases: readonly [string, readonly object[], readonly string[]][] = [
    ["no policy", [], []],
    ["a rule that writes nothing", [jwt({})], []],
    ["a claim", [jwt({ outputClaimToHeaders: [{ header: "X-Client-Id", claim: "client_id" }] })], ["x-client-id"]],
    ["the payload", [jwt({ outputPayloadToHeader: "x-payload" })], ["x-payload"]],
    [
      "two rules for one header, and one more",
      [
        jwt({ outputClaimToHeaders: [{ header: "x-b", claim: "b" }] }),
        jwt({
          outputClaimToHeaders: [
            { header: "x-b", claim: "c" },
            { header: "x-a", claim: "a" },
          ],
        }),
      ],
      ["x-a", "x-b"],
    ],
    ["an internal token in its own place", [token({})], []],
    ["an internal token elsewhere", [token({ header: "x-inside" })], ["x-inside"]],
    ["an internal token where credentials come in", [token({ header: "authorization" })], []],
    [
      "what another rule reads tokens from",
      [jwt({ outputPayloadToHeader: "x-next" }), jwt({ issuer: "j", fromHeaders: [{ name: "X-Next" }] })],
      [],
    ],
    ["an internal token in shadow", [token({ header: "x-later", mode: "shadow" })], ["x-later"]],
  ];
  it.each(cases)("%s", (_, objects, more) => {
    expect(ownedHeadersOf(read(...objects))).toEqual([...ours, ...more]);
  });

  it("holds every header that authentication takes for its own", () => {
    const resources = read(
      jwt({ outputPayloadToHeader: "x-p", outputClaimToHeaders: [{ header: "x-c", claim: "c" }] }),
      ...edgeResources("https://issuer.example"),
    );
    const plan = compileAuthentication(
      resources.filter((resource) => resource.kind === "RequestAuthentication"),
      {
        strict: true,
        clockSkewSeconds: 60,
        limits: defaults.limits,
        keys: { sourceFor: () => ({ current: () => undefined, renew: () => undefined }) },
      },
    );
    expect(plan.ownedHeaders.length).toBeGreaterThan(2);
    expect(ownedHeadersOf(resources)).toEqual(expect.arrayContaining([...plan.ownedHeaders]));
  });
});

it.each([
  ["edge", edgeZone, edgeResources("https://issuer.example")],
  ["zone", innerZone, zoneResources("https://edge.example/jwks")],
] as const)("the %s's guard owns what the sample's policies write", (_, zone, objects) => {
  const { ownedHeaders } = zone([{ id: "k1", secret: "A".repeat(43) }]);
  expect(ownedHeaders).toEqual(expect.arrayContaining([...ownedHeadersOf(read(...objects)), "x-client-*"]));
  expect(ownedHeaders).toContain("x-client-id");
});
