/**
 * Policies out of the same few words as the generated requests: every field that rules can ask, every kind of credential,
 * CEL, shadow and enforced. What the reader would not accept is left out.
 */
import fc from "fast-check";
import { readResources } from "../../ext-authz/resources/read.ts";
import type { Resource } from "../../ext-authz/resources/resource.ts";
import { API_KEYS, ISSUERS, JWKS, sha256 } from "./world-credentials.ts";
import { rule, simpleRule } from "./world-rules.ts";

export interface Manifest {
  readonly kind: string;
  readonly namespace: string;
  readonly spec: object;
}

const place = fc.record({
  namespace: fc.constantFrom("foo", "foo", "istio-system"),
  target: fc.constantFrom({}, {}, { selector: { matchLabels: { app: "web" } } }),
});
const placed = (kind: string, spec: fc.Arbitrary<object>): fc.Arbitrary<Manifest> =>
  fc.tuple(place, spec).map(([{ namespace, target }, own]) => ({ kind, namespace, spec: { ...target, ...own } }));

const rulesOf = (one: fc.Arbitrary<object>) => fc.array(one, { minLength: 1, maxLength: 2 });
const policyOf = (actions: readonly string[], one: fc.Arbitrary<object>) =>
  placed(
    "AuthorizationPolicy",
    fc
      .record({ action: fc.constantFrom(...actions), rules: rulesOf(one) })
      .map((spec) => (spec.action === "CUSTOM" ? { ...spec, provider: { name: "known" } } : spec)),
  );
const open = placed("AuthorizationPolicy", fc.constant<object>({ action: "ALLOW", rules: [{}] }));
const authorization: fc.Arbitrary<readonly Manifest[]> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(policyOf(["ALLOW"], simpleRule)) },
  { weight: 4, arbitrary: fc.tuple(open, policyOf(["DENY", "DENY", "CUSTOM"], simpleRule)) },
  { weight: 2, arbitrary: fc.tuple(open) },
  fc.array(policyOf(["ALLOW", "ALLOW", "DENY", "AUDIT", "CUSTOM"], rule), { minLength: 1, maxLength: 3 }),
);
const CEL = [
  'request.method == "GET"',
  'request.path.startsWith("/orders/")',
  'request.url_path != "/a/1"',
  'request.query.contains("1")',
  'request.query == ""',
  'has(request.headers.cookie) && request.headers["x-role"] == "admin"',
  '!("x-tenant" in request.headers) || request.header_values["x-tenant"].size() < 2',
  'request.headers.exists(name, name == "unread")',
  'source.ip == "10.0.0.1"',
  'inCidr(remote.ip, "10.0.0.0/8")',
  "connection.mtls",
  'destination.port == 8080 && destination.namespace == "foo"',
  'request.auth.claims.role == "admin"',
  'request.scheme == "http"',
  'request.id != "2"',
  'request.referer == "1" || request.useragent == "2"',
  'metadata.filter_metadata["envoy.filters.x"].y != "2"',
];
const access = placed(
  "AccessPolicy",
  fc.record({
    action: fc.constantFrom("ALLOW", "DENY", "REQUIRE"),
    cel: fc.constantFrom(...CEL),
    mode: fc.constantFrom("enforce", "enforce", "shadow"),
  }),
);
const jwtRule = fc
  .record({
    issuer: fc.constantFrom(0, 1),
    places: fc.constantFrom<object>(
      {},
      {},
      { fromHeaders: [{ name: "x-token" }, { name: "X-Token-2" }] },
      { fromParams: ["t"] },
      { fromCookies: ["session"] },
      { fromHeaders: [{ name: "Authorization", prefix: "Bearer " }] },
    ),
    forwardOriginalToken: fc.boolean(),
    output: fc.constantFrom<object>(
      {},
      { outputClaimToHeaders: [{ header: "x-user", claim: "sub" }] },
      { outputPayloadToHeader: "x-tenant" },
    ),
  })
  .map(({ issuer, places, forwardOriginalToken, output }) => ({
    issuer: ISSUERS[issuer],
    audiences: ["svc"],
    jwks: JWKS[issuer],
    forwardOriginalToken,
    ...places,
    ...output,
  }));
const authentication = placed(
  "RequestAuthentication",
  fc.record({ jwtRules: fc.array(jwtRule, { minLength: 1, maxLength: 2 }) }),
);
const others = fc.oneof(
  placed(
    "TokenIntrospection",
    fc
      .constantFrom<object>(
        {},
        { fromHeaders: [{ name: "x-token" }] },
        { fromParams: ["t"] },
        { forwardOriginalToken: true },
      )
      .map((more) => ({
        endpoint: "https://as.example/",
        clientId: "c",
        clientSecretFile: "/s",
        issuer: "as",
        audiences: ["svc"],
        ...more,
      })),
  ),
  placed(
    "ApiKeys",
    fc
      .constantFrom<object>(
        {},
        { fromParams: ["key"] },
        { fromHeaders: [{ name: "x-api-key" }, { name: "x-tenant" }] },
        { forwardOriginalKey: true },
      )
      .map((more) => ({
        issuer: "keys",
        consumers: API_KEYS.map((key) => ({ name: key, sha256: sha256(key), claims: { role: "admin" } })),
        ...more,
      })),
  ),
  placed("Revocation", fc.constant({ file: "r.json" })),
  placed("TokenProfile", fc.record({ type: fc.constant("at+jwt"), issuers: fc.constant([ISSUERS[1]]) })),
  placed(
    "ProofOfPossession",
    fc.constantFrom<object>(
      { method: "mtls", certificate: "xfcc" },
      { method: "mtls" },
      { method: "any", certificate: "xfcc" },
      { method: "dpop", required: true },
    ),
  ),
  placed("PeerAuthentication", fc.constantFrom<object>({ mtls: { mode: "STRICT" } }, { mtls: { mode: "PERMISSIVE" } })),
  placed(
    "InternalToken",
    fc.constantFrom<object>({ audience: "in" }, { audience: "in", lifetime: "6s", claims: { role: "role" } }),
  ),
);

export function readManifests(manifests: readonly Manifest[]): readonly Resource[] {
  const items = manifests.map(({ kind, namespace, spec }, index) => ({
    apiVersion: /^(?:Request|Peer)Authentication$|^AuthorizationPolicy$/.test(kind)
      ? "security.istio.io/v1"
      : "countersign.dev/v1alpha1",
    ...{ kind, metadata: { name: `r${index}`, namespace }, spec },
  }));
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items });
  return readResources([{ file: "/policies/p.yaml", text }]).resources;
}

/** Mostly with tokens and something that allows. */
export const resources: fc.Arbitrary<readonly Resource[]> = fc
  .tuple(
    fc.array(authentication, { maxLength: 1 }),
    fc.oneof({ weight: 4, arbitrary: authorization }, fc.tuple(open, access)),
    fc.oneof({ weight: 2, arbitrary: fc.constant<Manifest[]>([]) }, fc.array(access, { maxLength: 1 })),
    fc.oneof({ weight: 2, arbitrary: fc.constant<Manifest[]>([]) }, fc.array(others, { maxLength: 2 })),
  )
  .map((lists) => readManifests(lists.flat()));
