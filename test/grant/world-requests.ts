/**
 * Pairs of requests that almost share a grant: the second is the first with one or two small changes, out of the same few
 * words that the generated policies speak of. As data, so that any guard can be asked (`guard-model.ts`, a Node host, an Envoy).
 */
import fc from "fast-check";
import type { Incoming } from "../../ext-authz/request/incoming.ts";
import type { ProxyRequest } from "./guard-model.ts";
import { API_KEYS, CERTIFICATE, OPAQUE, TOKENS } from "./world-credentials.ts";

/** What stands behind the id of a connection. */
export interface Connection {
  readonly sourceIp: string;
  readonly port: number;
  readonly principal: string;
  readonly certificate: string;
  readonly sni: string;
}

export const CONNECTIONS: Readonly<Record<string, Connection>> = {
  c1: { sourceIp: "10.0.0.1", port: 8080, principal: "", certificate: "", sni: "" },
  c2: { sourceIp: "10.0.0.2", port: 8080, principal: "", certificate: "", sni: "" },
  c3: { sourceIp: "10.0.0.1", port: 8443, principal: "", certificate: "", sni: "svc.example" },
  m1: { sourceIp: "10.0.0.1", port: 8080, principal: "spiffe://cluster.local/ns/foo/sa/web", certificate: "", sni: "" },
  m2: { sourceIp: "10.0.0.1", port: 8080, principal: "spiffe://old.local/ns/foo/sa/web", certificate: "", sni: "" },
  m3: { sourceIp: "10.0.0.1", port: 8080, principal: "spiffe://cluster.local/ns/bar/sa/web", certificate: "", sni: "" },
  m4: {
    sourceIp: "10.0.0.1",
    port: 8080,
    principal: "spiffe://cluster.local/ns/foo\u0000/sa/web",
    certificate: "",
    sni: "",
  },
  m5: { sourceIp: "10.0.0.1", port: 8080, principal: "web.foo.example", certificate: "", sni: "" },
  m6: { sourceIp: "10.0.0.1", port: 8080, principal: "", certificate: "%2D%2D", sni: "" },
};

/** A route's context_extensions. */
export const ROUTES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  one: {},
  two: { namespace: "foo", workload: "web", "label.app": "web" },
  three: { namespace: "bar", "label.app": "web" },
};

export const SEGMENTS = ["a", "b", "ab", "admin", "orders", "1", "2", "x.html"] as const;
export const HOSTS = ["svc.example", "SVC.example", "svc.example:8080", "other.example"] as const;
export const METHODS = ["GET", "POST", "OPTIONS", "get"] as const;
export const VALUES = ["admin", "user", "adm", "", "admin,user", "10.0.0.7", "https://x.example"] as const;
export const POLICY_HEADERS = [
  "x-role",
  "x-role",
  "x-role",
  "x-tenant",
  "x-forwarded-for",
  "accept",
  "x-user",
  "cookie",
] as const;

const token = fc.constantFrom(...TOKENS, ...OPAQUE);
const apiKey = fc.constantFrom(...API_KEYS, "key-3");
const ip = fc.constantFrom("10.0.0.7", "192.168.0.1", "10.0.0.1", "nonsense");
const xfcc = fc.constantFrom(
  `Hash=${CERTIFICATE.hash}`,
  `Hash=${"cd".repeat(32)}`,
  "By=x",
  `Hash=${CERTIFICATE.hash},By=x`,
);
const line: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constant("authorization"),
      token.map((raw) => `Bearer ${raw}`),
    ),
  },
  fc.tuple(fc.constant("authorization"), fc.constantFrom("Basic YTpi", `bearer ${OPAQUE[0]}`, `DPoP ${TOKENS[0]}`)),
  fc.tuple(fc.constantFrom("x-token", "x-token-2"), token),
  fc.tuple(
    fc.constant("cookie"),
    token.map((raw) => `session=${raw}`),
  ),
  { weight: 2, arbitrary: fc.tuple(fc.constant("x-api-key"), apiKey) },
  fc.tuple(
    fc.constant("x-forwarded-for"),
    fc.array(ip, { minLength: 1, maxLength: 3 }).map((list) => list.join(", ")),
  ),
  fc.tuple(fc.constant("x-forwarded-client-cert"), xfcc),
  fc.tuple(fc.constantFrom("origin", "access-control-request-method"), fc.constantFrom("https://x.example", "GET", "")),
  fc.tuple(
    fc.constantFrom("x-request-id", "x-request-id", "dpop", "txn-token", "unread", "referer", "user-agent"),
    fc.constantFrom("1", "2"),
  ),
  fc.tuple(fc.constant("connection"), fc.constantFrom("keep-alive", "close", "x-role")),
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom(...POLICY_HEADERS), fc.constantFrom(...VALUES)) },
);
const odd = fc.constantFrom("", ".", "..", "%61", "a;b", "A");
const path = fc
  .tuple(
    fc.array(fc.oneof({ weight: 30, arbitrary: fc.constantFrom(...SEGMENTS) }, odd), { maxLength: 4 }),
    fc.constantFrom("", "", "/"),
  )
  .map(([parts, end]) => `/${parts.join("/")}${parts.length > 0 ? end : ""}`);
const parameter = fc.oneof(
  fc.tuple(fc.constantFrom("access_token", "access%5Ftoken", "t"), token),
  fc.tuple(fc.constant("key"), apiKey),
  fc.tuple(fc.constantFrom("q", "role"), fc.constantFrom("1", "2", "admin")),
);
const query = fc.oneof(
  { weight: 5, arbitrary: fc.constant("") },
  fc.array(parameter, { maxLength: 2 }).map((list) => `?${list.map(([name, value]) => `${name}=${value}`).join("&")}`),
);

const request: fc.Arbitrary<ProxyRequest> = fc
  .record({
    route: fc.constantFrom(...Object.keys(ROUTES), "one", "one"),
    connection: fc.constantFrom(...Object.keys(CONNECTIONS), "c1", "c1", "c1"),
    method: fc.constantFrom(...METHODS, "GET", "GET"),
    authority: fc.constantFrom(...HOSTS, "svc.example"),
    scheme: fc.constantFrom("http", "https", "http"),
    path,
    query,
    headers: fc.array(line, { maxLength: 5 }),
  })
  .map(({ path, query, ...rest }) => ({ ...rest, mtls: rest.connection.startsWith("m"), target: path + query }));

type Change = (request: ProxyRequest) => ProxyRequest;
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(...Object.keys(CONNECTIONS)).map((connection) => (request: ProxyRequest) => ({
      ...request,
      connection: request.mtls === connection.startsWith("m") ? connection : request.connection,
    })),
  },
  fc.constantFrom("http", "https").map((scheme) => (request: ProxyRequest) => ({ ...request, scheme })),
  {
    weight: 2,
    arbitrary: query.map((query) => (request: ProxyRequest) => ({ ...request, target: pathOf(request) + query })),
  },
  { weight: 2, arbitrary: path.map((path) => (request: ProxyRequest) => withPath(request, path)) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(4), fc.constantFrom(...SEGMENTS, "", "/", "/1", "c"))
      .map(([cut, end]) => (request: ProxyRequest) => {
        const before = pathOf(request);
        return withPath(request, before.slice(0, Math.max(1, before.length - cut)) + end);
      }),
  },
  {
    weight: 3,
    arbitrary: line.map((added) => (request: ProxyRequest) => ({ ...request, headers: [...request.headers, added] })),
  },
  fc.nat(4).map((at) => (request: ProxyRequest) => ({
    ...request,
    headers: request.headers.filter((_, index) => index !== at),
  })),
  fc.nat(4).map((at) => (request: ProxyRequest) => ({
    ...request,
    headers: request.headers.flatMap((one, index) => (index === at ? [one, one] : [one])),
  })),
  {
    weight: 3,
    arbitrary: fc.tuple(fc.nat(4), line).map(([at, other]) => (request: ProxyRequest) => ({
      ...request,
      headers: request.headers.map((one, index): readonly [string, string] =>
        index === at ? [one[0], other[1]] : one,
      ),
    })),
  },
  fc.constant((request: ProxyRequest) => ({ ...request, headers: [...request.headers].reverse() })),
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("x-role", "x-role", "x-forwarded-for"), fc.constantFrom(...VALUES))
      .map(([name, value]) => (request: ProxyRequest) => ({
        ...request,
        headers: [...request.headers.filter((line) => line[0] !== name), [name, value] as const],
      })),
  },
  fc.constantFrom(...HOSTS).map((authority) => (request: ProxyRequest) => ({ ...request, authority })),
  fc.constantFrom(...METHODS).map((method) => (request: ProxyRequest) => ({ ...request, method })),
  fc.constantFrom(...Object.keys(ROUTES)).map((route) => (request: ProxyRequest) => ({ ...request, route })),
);

function pathOf({ target }: ProxyRequest): string {
  return target.split("?", 1)[0] ?? "";
}

function withPath(request: ProxyRequest, path: string): ProxyRequest {
  return { ...request, target: path + request.target.slice(pathOf(request).length) };
}

/** The one that is asked, and some that come after it. */
export const requestGroup: fc.Arbitrary<readonly [asked: ProxyRequest, ...next: ProxyRequest[]]> = fc
  .tuple(request, fc.array(fc.array(change, { minLength: 1, maxLength: 2 }), { minLength: 6, maxLength: 10 }))
  .map(([asked, changes]) => [asked, ...changes.map((list) => list.reduce((before, apply) => apply(before), asked))]);

/** What ext-authz is asked, as Envoy asks it. */
export function incomingOf({ route, connection, method, authority, scheme, target, headers }: ProxyRequest): Incoming {
  const peer = CONNECTIONS[connection] ?? { sourceIp: "", port: 0, principal: "", certificate: "", sni: "" };
  const lines = new Map<string, string[]>();
  for (const [name, value] of headers) lines.set(name, [...(lines.get(name) ?? []), value]);
  return {
    source: { address: peer.sourceIp, port: 40_000, principal: peer.principal, certificate: peer.certificate },
    destination: { address: "10.1.0.1", port: peer.port, principal: "", certificate: "" },
    http: { id: lines.get("x-request-id")?.[0] ?? "", method, target, host: authority, scheme, headers: lines },
    sni: peer.sni,
    contextExtensions: new Map(Object.entries(ROUTES[route] ?? {})),
    // Some filter's, from what no grant speaks of.
    metadata: new Map([["envoy.filters.x", { y: lines.get("unread")?.[0] ?? "" }]]),
  };
}
