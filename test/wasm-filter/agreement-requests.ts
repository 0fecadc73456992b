/**
 * Requests and policies for guard and server to agree on, and the server's check for them. In: chance (fast-check). Out:
 * requests as plain data, policies, a check at the core. No effects.
 */
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { createKeySources } from "../../ext-authz/authenticate/key-sources.ts";
import { type Check, createCheck } from "../../ext-authz/check.ts";
import { defaults } from "../../ext-authz/config/defaults.ts";
import type { PathNormalization } from "../../ext-authz/config/settings.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import type { Resource } from "../../ext-authz/resources/resource.ts";
import { err } from "../../ext-authz/result.ts";
import { compileSnapshot } from "../../ext-authz/snapshot.ts";

const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
const jwks = JSON.stringify({ keys: [{ ...pair.publicKey.export({ format: "jwk" }), kid: "a", alg: "ES256" }] });

export interface AgreementRequest {
  readonly method: string;
  readonly target: string;
  /** Wire order, with duplicates. */
  readonly lines: readonly (readonly [name: string, value: string])[];
}

const security = (kind: string, name: string, spec: object) => ({
  apiVersion: "security.istio.io/v1",
  kind,
  metadata: { name, namespace: "shop" },
  spec,
});
const rule = { issuer: "i", audiences: ["aud"], jwks, outputClaimToHeaders: [{ header: "x-user-id", claim: "sub" }] };
const allow = (rules: readonly object[]) => security("AuthorizationPolicy", "allow", { action: "ALLOW", rules });

/** From the widest to the narrowest: what the guard refuses, the widest must refuse too. */
export const policies: readonly (readonly object[])[] = [
  [allow([{}])],
  [allow([{ from: [{ source: { requestPrincipals: ["*"] } }] }])],
  [
    allow([{ when: [{ key: "request.headers[x-user-id]", values: ["root"] }] }]),
    security("AuthorizationPolicy", "closed", {
      action: "DENY",
      rules: [{ to: [{ operation: { paths: ["/admin*"] } }] }],
    }),
  ],
].map((more) => [security("RequestAuthentication", "jwt", { jwtRules: [rule] }), ...more]);

export function resourcesOf(objects: readonly object[]): readonly Resource[] {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  const { resources, problems } = readResources([{ file: "agreement", text }]);
  if (problems.some(({ severity }) => severity === "error")) throw new Error(JSON.stringify(problems));
  return resources;
}

/** @param now gives seconds */
export function checkOf(objects: readonly object[], pathNormalization: PathNormalization, now: () => number): Check {
  const mesh = { ...defaults.mesh, strict: true, pathNormalization };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const world = { now, setTimer: () => () => {}, random: () => 0, log };
  const fetch = () => Promise.resolve(err("no network in this test"));
  const limits = { strict: true, jsonDepth: defaults.limits.jsonDepth };
  const snapshot = compileSnapshot(resourcesOf(objects), {
    mesh,
    limits: defaults.limits,
    clockSkewSeconds: defaults.clockSkewSeconds,
    keys: createKeySources({ fetch, ...world }, defaults.jwks, limits),
    compileMint: () => {
      throw new Error("nothing is minted here");
    },
    hash: (text) => createHash("sha256").update(text).digest("hex"),
  });
  const request = {
    strict: true,
    pathNormalization,
    pathLength: defaults.limits.pathLength,
    clientAddress: defaults.clientAddress,
    workload: { namespace: "shop", name: "orders", labels: new Map() },
  };
  return createCheck({ snapshot: () => snapshot, request, now, newId: () => "id" });
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

export function signed(claims: object, header: object = { alg: "ES256", kid: "a" }): string {
  const text = `${part(header)}.${part(claims)}`;
  const key = { key: pair.privateKey, dsaEncoding: "ieee-p1363" } as const;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}

/**
 * Requests that any HTTP/1.1 parser takes. @param now seconds @param margin seconds that times keep from the edges of the
 * leeway: 0 where the clock stands still.
 */
export function requests(now: number, margin: number): fc.Arbitrary<AgreementRequest> {
  const edges = [now - 60, now + 60].flatMap((edge) => [edge - margin - 1, edge + margin + 1]);
  const exact = margin === 0 ? [now - 60, now + 60] : [];
  const time = fc.constantFrom(...edges, ...exact, now - 3600, now, now + 3600, 0, 1e30);
  const claims = fc.record(
    {
      iss: fc.constantFrom("i", "i", "other"),
      sub: fc.constantFrom("ann", "root"),
      aud: fc.constantFrom("aud", "aud", "else"),
      exp: fc.oneof(time, fc.constant(now + 600), fc.constantFrom("1", null, 1.5, -1)),
      nbf: fc.oneof(time, fc.constant(now - 60)),
      deep: fc.jsonValue({ maxDepth: 3 }),
    },
    { requiredKeys: ["iss", "sub", "aud"] },
  );
  const good = fc.constant(signed({ iss: "i", sub: "ann", aud: "aud", exp: now + 600 }));
  const header = fc.constantFrom({ alg: "ES256", kid: "a" }, { alg: "ES256" }, { alg: "none" }, { alg: "RS256" }, {});
  const token = fc.oneof(
    { weight: 4, arbitrary: good },
    { weight: 4, arbitrary: claims.map((payload) => signed(payload)) },
    fc.tuple(claims, header).map(([payload, head]) => signed(payload, head)),
    fc.constantFrom("", "a", "a.b", "a.b.c", "a.b.c.d", "..", "e30.e30.", ".e30.e30", "e30.e30.e30"),
  );
  const scheme = fc.constantFrom(
    "Bearer ",
    "Bearer ",
    "Bearer ",
    "bearer ",
    "Bearer  ",
    "Basic x, Bearer ",
    "Bearer",
    "DPoP ",
  );
  const credential = fc
    .tuple(scheme, token, fc.constantFrom("", "", "", ",", " ", " x"))
    .map((parts) => parts.join(""));
  const line = fc.oneof(
    fc.tuple(fc.constant("authorization"), credential),
    fc.tuple(spoofed, fc.constantFrom("root", "forged", "", "ann,root")),
    fc.tuple(
      fc.constantFrom("x-other", "origin", "access-control-request-method", "cookie"),
      fc.constantFrom("a", "GET"),
    ),
  );
  const segment = fc.constantFrom(
    ...[
      "a",
      "b",
      "admin",
      ".",
      "..",
      "%2e",
      "%2E%2e",
      "%2f",
      "%5C",
      "%41",
      "%00",
      "%zz",
      "a;x=1",
      "..;x",
      "..%3bx",
      "",
    ],
    ...["~", "a*b", "{a}", "%7Ba%7D", "\\", "%252e", "%c3%a9", '"', "|", "a%"],
  );
  const query = fc.constantFrom("", "", "?", "?a=1", "?a=%00", "?access_token=x", "?a=/../b", "?%61ccess_token=a.b.c");
  const plain = fc.constantFrom("/a", "/a/b", "/admin", "/orders/7");
  const path = fc.oneof(
    plain,
    plain,
    fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`),
  );
  return fc.record({
    method: fc.constantFrom("GET", "GET", "POST", "OPTIONS", "DELETE"),
    target: fc.tuple(path, query).map(([before, after]) => before + after),
    lines: fc.array(line, { maxLength: 5 }),
  });
}

/** Names that a reader behind could take for x-user-id or for ours. */
const spoofed = fc.constantFrom(
  ...["x-user-id", "X-User-Id", "x_user_id", "x-user_id", "X_USER_ID", "x-countersign-zone", "txn-token", "TXN_TOKEN"],
);
