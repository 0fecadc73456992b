/** The resources for credentials: what is filled in, and what is refused with its place. */
import { describe, expect, test } from "vitest";
import { readResources } from "../../../ext-authz/resources/read.ts";

const hash = "0".repeat(64);
const whole = {
  TokenIntrospection: { endpoint: "https://as.example/i", clientId: "c", clientSecretFile: "s", issuer: "i" },
  ProofOfPossession: { method: "any" },
  Revocation: { file: "r.json" },
  ApiKeys: { issuer: "i", consumers: [{ name: "a", sha256: hash }] },
  TokenProfile: { type: "at+jwt" },
};
type Kind = keyof typeof whole;

function read(kind: Kind, spec: object, metadata: object = {}) {
  const apiVersion = "countersign.dev/v1alpha1";
  const text = JSON.stringify({
    apiVersion,
    kind,
    metadata: { name: "p", ...metadata },
    spec: { ...whole[kind], ...spec },
  });
  return readResources([{ file: "/etc/policies/p.yaml", text }]);
}

test.each<[Kind, object]>([
  [
    "TokenIntrospection",
    {
      ...{ clientSecretFile: "/etc/policies/s", audiences: [], fromHeaders: [], fromParams: [] },
      ...{ forward: false, cacheSeconds: 30, timeoutMs: 2000 },
    },
  ],
  [
    "ProofOfPossession",
    {
      ...{ required: false, certificate: "peer", xfccTrustedHops: 0 },
      ...{ htu: { scheme: "", host: "" }, proofAgeSeconds: 60 },
    },
  ],
  ["Revocation", { path: "/etc/policies/r.json", uri: undefined, intervalSeconds: 10, maxAgeSeconds: 3600 }],
  [
    "ApiKeys",
    { fromHeaders: [], fromParams: [], forward: false, consumers: [{ name: "a", sha256: hash, claims: {} }] },
  ],
  ["TokenProfile", { issuers: [] }],
])("%s: what is not written", (kind, filled) => {
  const { resources, problems } = read(kind, {});
  expect(problems).toEqual([]);
  expect(resources).toMatchObject([{ kind, shadow: false, namespace: "default", ...filled }]);
  expect(read(kind, { mode: "shadow" }).resources).toMatchObject([{ shadow: true }]);
});

describe.each<[Kind, readonly (readonly [spec: object, path: string])[]]>([
  [
    "TokenIntrospection",
    [
      [{ endpoint: "ftp://a" }, "spec.endpoint"],
      [{ endpoint: "as.example" }, "spec.endpoint"],
      [{ clientId: "" }, "spec.clientId"],
      [{ clientSecret: "x" }, "spec.clientSecret"],
      [{ issuer: null }, "spec"],
      [{ audiences: [""] }, "spec.audiences[0]"],
      [{ cache: "301s" }, "spec.cache"],
      [{ cache: "1500ms" }, "spec.cache"],
      [{ timeout: "0s" }, "spec.timeout"],
      [{ timeout: "31s" }, "spec.timeout"],
      [{ fromHeaders: [{ name: "a b" }] }, "spec.fromHeaders[0].name"],
      [{ fromHeaders: [{ name: "Cookie" }] }, "spec.fromHeaders[0].name"],
      [{ fromHeaders: [{ prefix: "a" }] }, "spec.fromHeaders[0]"],
      [{ fromParams: [""] }, "spec.fromParams[0]"],
    ],
  ],
  [
    "ProofOfPossession",
    [
      [{ method: "tls" }, "spec.method"],
      [{ method: null }, "spec"],
      [{ required: "yes" }, "spec.required"],
      [{ certificate: "header" }, "spec.certificate"],
      [{ method: "dpop", certificate: "peer" }, "spec.certificate"],
      [{ method: "mtls", proofAge: "1s" }, "spec.method"],
      [{ xfccTrustedHops: 1 }, "spec.xfccTrustedHops"],
      [{ certificate: "xfcc", xfccTrustedHops: -1 }, "spec.xfccTrustedHops"],
      [{ htu: { scheme: "ws" } }, "spec.htu.scheme"],
      [{ htu: { host: "a/b" } }, "spec.htu.host"],
      [{ htu: { host: "a@b" } }, "spec.htu.host"],
      [{ htu: { host: "a:x" } }, "spec.htu.host"],
      [{ proofAge: "0s" }, "spec.proofAge"],
      [{ proofAge: "1h" }, "spec.proofAge"],
    ],
  ],
  [
    "Revocation",
    [
      [{ uri: "https://a.example/r" }, "spec"],
      [{ file: null }, "spec"],
      [{ file: null, uri: "a" }, "spec.uri"],
      [{ interval: "0s" }, "spec.interval"],
      [{ interval: "2h", maxAge: "24h" }, "spec.interval"],
      [{ interval: "60s", maxAge: "60s" }, "spec.maxAge"],
    ],
  ],
  [
    "ApiKeys",
    [
      [{ consumers: [{ name: "a" }] }, "spec.consumers[0]"],
      [{ consumers: [{ name: "a", sha256: "abc" }] }, "spec.consumers[0].sha256"],
      [{ consumers: [{ name: "a", sha256: hash.replace("0", "A") }] }, "spec.consumers[0].sha256"],
      [{ consumers: [{ name: "a", key: "k", sha256: hash }] }, "spec.consumers[0].key"],
      [
        {
          consumers: [
            { name: "a", sha256: hash },
            { name: "b", sha256: hash },
          ],
        },
        "spec.consumers[1].sha256",
      ],
      [{ consumers: [{ name: "a", sha256: hash, claims: { sub: "b" } }] }, "spec.consumers[0].claims.sub"],
      [{ consumers: [{ name: "a", sha256: hash, claims: { cnf: {} } }] }, "spec.consumers[0].claims.cnf"],
      [{ issuer: "" }, "spec.issuer"],
    ],
  ],
  [
    "TokenProfile",
    [
      [{ type: "JWT" }, "spec.type"],
      [{ issuers: [1] }, "spec.issuers[0]"],
    ],
  ],
])("%s", (kind, cases) => {
  test.each(cases)("%j is refused", (spec, path) => {
    const { resources, problems } = read(kind, spec);
    expect(resources).toEqual([]);
    expect(problems.map((problem) => problem.path)).toEqual([path]);
  });

  test("targets, modes and annotations as elsewhere", () => {
    expect(read(kind, { mode: "off" }).problems[0]?.path).toBe("spec.mode");
    expect(read(kind, { selector: { matchLabels: { "a*": "b" } } }).resources).toEqual([]);
    expect(read(kind, {}, { annotations: { "istio.io/dry-run": "true" } }).resources).toEqual([]);
  });
});

test("a clear-text endpoint is a warning", () => {
  const { resources, problems } = read("TokenIntrospection", { endpoint: "http://as.svc/i" });
  expect(resources).toHaveLength(1);
  expect(problems).toMatchObject([{ severity: "warning", path: "spec.endpoint" }]);
});
