/** The table of dependencies in docs/grants.md as data: policies, a request, and the words of its grant. */
import type { ProxyRequest } from "./guard-model.ts";
import { API_KEYS, CERTIFICATE, ISSUERS, JWKS, OPAQUE, sha256, TOKENS } from "./world-credentials.ts";

type Written = readonly [kind: string, spec: object];
export type Row = readonly [what: string, resources: readonly Written[], request: Partial<ProxyRequest>, said: string];

const ALL: Written = ["AuthorizationPolicy", { rules: [{}] }];
const when = (
  key: string,
  values: Partial<Record<"values" | "notValues", readonly string[]>> = { notValues: ["no"] },
): Written => ["AuthorizationPolicy", { rules: [{ when: [{ key, ...values }] }] }];
const from = (source: object): Written => ["AuthorizationPolicy", { rules: [{ from: [{ source }] }] }];
const to = (operation: object): Written => ["AuthorizationPolicy", { rules: [{ to: [{ operation }] }] }];
const deny = (spec: object): Written => ["AuthorizationPolicy", { action: "DENY", rules: [spec] }];
const cel = (text: string, more: object = {}): Written => ["AccessPolicy", { action: "REQUIRE", cel: text, ...more }];
const jwt = (more: object = {}): Written => [
  "RequestAuthentication",
  { jwtRules: [{ issuer: ISSUERS[0], audiences: ["svc"], jwks: JWKS[0], ...more }] },
];
const bearer = (token = TOKENS[0]) => ({ headers: [["authorization", `Bearer ${token}`]] as const });
const keys = (more: object = {}): Written => [
  "ApiKeys",
  { issuer: "keys", consumers: [{ name: "a", sha256: sha256(API_KEYS[0] ?? "") }], ...more },
];
const introspection = (more: object = {}): Written => [
  "TokenIntrospection",
  { endpoint: "https://as.example/", clientId: "c", clientSecretFile: "/s", issuer: "as", audiences: ["svc"], ...more },
];

export const rows: readonly Row[] = [
  ["nothing", [ALL], {}, "^/"],
  ["methods and hosts", [to({ methods: ["GET"], hosts: ["svc.example"] })], {}, "^/"],
  ["a path", [to({ paths: ["/a/*"] })], { target: "/a/1" }, "^/a/"],
  ["ports", [to({ ports: ["8080"] })], {}, "connection ^/"],
  ["principals", [from({ notPrincipals: ["x"] })], {}, "connection ^/"],
  ["namespaces", [from({ notNamespaces: ["x"] })], {}, "connection ^/"],
  ["ipBlocks", [from({ ipBlocks: ["10.0.0.0/8"] })], {}, "connection ^/"],
  ["remoteIpBlocks", [from({ notRemoteIpBlocks: ["1.1.1.1"] })], {}, "connection header:x-forwarded-for ^/"],
  ["requestPrincipals without rules", [from({ notRequestPrincipals: ["x"] })], {}, "^/"],
  ["request.headers", [when("request.headers[X-Role]")], {}, "header:x-role ^/"],
  ["request.headers[:path]", [when("request.headers[:path]")], { target: "/a?b" }, "query =/a"],
  ["request.headers[:scheme]", [when("request.headers[:scheme]")], {}, "scheme ^/"],
  [
    "request.headers[:path] for some paths, where the query is read anyway",
    [
      ALL,
      jwt(),
      deny({ to: [{ operation: { paths: ["/*"] } }], when: [{ key: "request.headers[:path]", values: ["/b"] }] }),
    ],
    { target: "/a" },
    "header:authorization query =/a",
  ],
  [
    "request.headers[:method], [:authority], [host]",
    [when("request.headers[:method]"), when("request.headers[host]")],
    {},
    "^/",
  ],
  ["request.headers[x-request-id]", [when("request.headers[x-request-id]")], {}, "none: request_id"],
  ["a header that no request can have", [when("request.headers[x y]")], {}, "none: opaque_policy"],
  ["connection.sni", [when("connection.sni")], {}, "connection ^/"],
  ["destination.ip", [when("destination.ip", { values: ["10.0.0.0/8"] })], {}, "connection ^/"],
  ["experimental.envoy.filters", [when("experimental.envoy.filters.a[b]")], {}, "none: metadata"],
  [
    "a DENY rule that did not match",
    [ALL, deny({ when: [{ key: "request.headers[x-a]", values: ["b"] }] })],
    {},
    "header:x-a ^/",
  ],
  [
    "a rule that only another path reaches",
    [ALL, deny({ to: [{ operation: { paths: ["/x/*"] } }], when: [{ key: "request.headers[x-a]", values: ["b"] }] })],
    { target: "/y" },
    "^/ !/x/",
  ],
  [
    "a rule that this path reaches",
    [ALL, deny({ to: [{ operation: { paths: ["/x/*"] } }], when: [{ key: "request.headers[x-a]", values: ["b"] }] })],
    { target: "/x/y" },
    "header:x-a ^/x/",
  ],
  [
    "a rule that a template reaches",
    [
      ALL,
      deny({ to: [{ operation: { paths: ["/x/{*}/z"] } }], when: [{ key: "request.headers[x-a]", values: ["b"] }] }),
    ],
    { target: "/x/y" },
    "header:x-a ^/x/ </z",
  ],
  [
    "metadata that only another path reaches",
    [
      ALL,
      deny({
        to: [{ operation: { paths: ["/x"] } }],
        when: [{ key: "experimental.envoy.filters.a[b]", values: ["c"] }],
      }),
    ],
    { target: "/y" },
    "^/ !/x",
  ],
  [
    "metadata that this path reaches",
    [
      ALL,
      deny({
        to: [{ operation: { paths: ["/x"] } }],
        when: [{ key: "experimental.envoy.filters.a[b]", values: ["c"] }],
      }),
    ],
    { target: "/x" },
    "none: metadata",
  ],
  [
    "an AUDIT rule and a dry run",
    [
      ALL,
      ["AuthorizationPolicy", { action: "AUDIT", rules: [{ when: [{ key: "request.headers[x-a]", values: ["b"] }] }] }],
    ],
    {},
    "^/",
  ],
  [
    "a CUSTOM rule of an unknown provider",
    [
      ALL,
      [
        "AuthorizationPolicy",
        {
          action: "CUSTOM",
          provider: { name: "x" },
          rules: [{ when: [{ key: "request.headers[x-a]", values: ["b"] }] }],
        },
      ],
    ],
    {},
    "header:x-a ^/",
  ],
  [
    "PeerAuthentication STRICT",
    [ALL, ["PeerAuthentication", { mtls: { mode: "STRICT" } }]],
    { connection: "m1", mtls: true },
    "connection ^/",
  ],
  ["an identity that was shown", [ALL], { connection: "m5", mtls: true }, "connection ^/"],
  ["a certificate that was shown", [ALL], { connection: "m6", mtls: true }, "connection ^/"],
  ["CEL: the path", [ALL, cel('request.path != "/x"')], {}, "=/"],
  ["CEL: the query", [ALL, cel('request.query != "x"')], {}, "query ^/"],
  ["CEL: a header", [ALL, cel('!("x-a" in request.headers)')], {}, "header:x-a ^/"],
  ["CEL: all headers", [ALL, cel("request.headers.size() < 100")], {}, "none: opaque_policy"],
  ["CEL: the request's id", [ALL, cel('request.id != "x"')], {}, "none: request_id"],
  ["CEL: dynamic metadata", [ALL, cel("metadata.filter_metadata.size() < 9")], {}, "none: metadata"],
  ["CEL in shadow", [ALL, cel("request.headers.size() > 100", { mode: "shadow" })], {}, "^/"],
  ["JWT at the default places", [ALL, jwt()], bearer(), "header:authorization query ^/"],
  ["no JWT where one is looked for", [ALL, jwt()], {}, "header:authorization query ^/"],
  ["JWT in headers of its own", [ALL, jwt({ fromHeaders: [{ name: "X-Token" }] })], {}, "header:x-token ^/"],
  ["JWT in a cookie", [ALL, jwt({ fromCookies: ["session"] })], {}, "header:cookie ^/"],
  ["JWT in a parameter", [ALL, jwt({ fromParams: ["t"] })], {}, "query ^/"],
  [
    "a JWT that is to be taken out of the query",
    [ALL, jwt()],
    { target: `/?access_token=${TOKENS[0]}` },
    "none: query_change",
  ],
  [
    "two JWTs",
    [ALL, jwt({ fromHeaders: [{ name: "x-token" }, { name: "x-token-2" }] })],
    {
      headers: [
        ["x-token", TOKENS[0] ?? ""],
        ["x-token-2", TOKENS[1] ?? ""],
      ],
    },
    "none: several_tokens",
  ],
  ["a JWT that ends soon", [ALL, jwt()], bearer(TOKENS[3]), "header:authorization query ^/ 2750 ms"],
  ["a JWT in its leeway", [ALL, jwt()], bearer(TOKENS[4]), "none: short_lived"],
  ["a CORS preflight", [ALL, jwt()], { method: "OPTIONS" }, "none: preflight"],
  ["OPTIONS where no JWT is looked for", [ALL], { method: "OPTIONS" }, "^/"],
  ["opaque tokens", [ALL, introspection()], bearer(OPAQUE[0]), "header:authorization ^/"],
  [
    "an opaque token whose answer ends soon",
    [ALL, introspection()],
    bearer(OPAQUE[2]),
    "header:authorization ^/ 1750 ms",
  ],
  ["an API key", [ALL, keys()], { headers: [["x-api-key", API_KEYS[0] ?? ""]] }, "header:x-api-key ^/"],
  ["an API key in a parameter", [ALL, keys({ fromParams: ["key"] })], {}, "query ^/"],
  [
    "Revocation and TokenProfile",
    [ALL, jwt(), ["Revocation", { file: "r.json" }], ["TokenProfile", { type: "at+jwt", issuers: ["x"] }]],
    bearer(),
    "header:authorization query ^/",
  ],
  [
    "a token bound to a forwarded certificate",
    [ALL, jwt(), ["ProofOfPossession", { method: "mtls", certificate: "xfcc" }]],
    {
      headers: [
        ["authorization", `Bearer ${TOKENS[8]}`],
        ["x-forwarded-client-cert", `Hash=${CERTIFICATE.hash}`],
      ],
    },
    "header:authorization header:x-forwarded-client-cert query ^/",
  ],
  [
    "a token bound to a certificate of the connection",
    [ALL, jwt(), ["ProofOfPossession", { method: "mtls" }]],
    bearer(),
    "connection header:authorization query ^/",
  ],
  ["an internal token", [ALL, jwt(), ["InternalToken", { audience: "in" }]], bearer(), "header:authorization query ^/"],
  [
    "an internal token that ends soon",
    [ALL, jwt(), ["InternalToken", { audience: "in", lifetime: "6s" }]],
    bearer(),
    "header:authorization query ^/ 2550 ms",
  ],
  ["a target that could be read in two ways", [ALL], { target: "/a;b" }, "none: target"],
  ["a denial", [deny({})], {}, "deny"],
];
