/** Rules, requests and payloads that often meet, in every way in which the index files rules. */
import fc from "fast-check";
import type { JsonObject, RequestModel } from "../../../ext-authz/model.ts";
import type { AuthorizationPolicy, PolicyAction } from "../../../ext-authz/resources/resource.ts";
import { ip, policy, type RawRule } from "../fixtures.ts";

const some = (...values: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const field = (name: string, values: fc.Arbitrary<string[]>) => values.map((list) => ({ [name]: list }));
const merged = (...parts: readonly fc.Arbitrary<Record<string, string[]>>[]) =>
  fc
    .subarray([...parts], { minLength: 1, maxLength: 3 })
    .chain((chosen) => fc.tuple(...chosen).map((all): Record<string, string[]> => Object.assign({}, ...all)));

const paths = some("/a", "/a/b", "/a*", "/a/*", "*b", "*", "/{*}", "/a/{**}", "/c/{*}/d", "**", "*/b*", "/");
const methods = some("GET", "P*", "*T", "*", "POST");
const hosts = some("x.test", "X.test", "*.test", "x.*", "*", "y.test:80");
const ports = some("80", "8080", "08080", "443");
const principals = some(
  "td/ns/foo/sa/x",
  "cluster.local/ns/bar/sa/y",
  "*/sa/x",
  "td/*",
  "*",
  "td/ns/foo",
  "other/ns/foo/sa/x",
);
const namespaces = some("foo", "bar", "fo*", "*", "foo/sa", "sa");
const accounts = some("x", "foo/x", "bar/y", "ns/x", "foo/ns");
const requestPrincipals = some("i/s", "i/*", "*/s", "*", "i", "*s", "i*", "i/a/s", "a*b", "*/*", "i*/s");
const blocks = some("10.0.0.0/8", "10.0.0.1", "0.0.0.0/0", "192.0.2.1", "::/0", "2001:db8::/32", "10.0.0.1/31");
const words = some("user", "admin", "*", "a*", "*r", "**", "u*r");

const source = merged(
  field("principals", principals),
  field("notPrincipals", principals),
  field("namespaces", namespaces),
  field("notNamespaces", namespaces),
  field("trustDomains", some("td", "*", "t*")),
  field("requestPrincipals", requestPrincipals),
  field("notRequestPrincipals", requestPrincipals),
  field("ipBlocks", blocks),
  field("remoteIpBlocks", blocks),
  field("notRemoteIpBlocks", blocks),
);
const operation = merged(
  field("paths", paths),
  field("notPaths", paths),
  field("methods", methods),
  field("notMethods", methods),
  field("hosts", hosts),
  field("notHosts", hosts),
  field("ports", ports),
);
const keyed = (key: string, values: fc.Arbitrary<string[]>) =>
  fc.tuple(values, fc.boolean()).map(([list, not]) => (not ? { key, notValues: list } : { key, values: list }));
const condition = fc.oneof(
  keyed("request.headers[x-role]", words),
  keyed("request.headers[X-Role]", words),
  keyed("request.headers[:path]", some("/a?q", "/a*", "*q")),
  keyed("request.headers[host]", hosts),
  keyed("request.headers[__proto__]", words),
  keyed("request.auth.claims[role]", words),
  keyed("request.auth.claims[nested][__proto__]", words),
  keyed("request.auth.audiences", words),
  keyed("request.auth.presenter", words),
  keyed("request.auth.principal", requestPrincipals),
  keyed("source.ip", blocks),
  keyed("remote.ip", blocks),
  keyed("destination.ip", blocks),
  keyed("destination.port", ports),
  keyed("source.namespace", namespaces),
  keyed("source.principal", principals),
  keyed("source.serviceAccount", accounts),
  keyed("connection.sni", some("x.test", "*.test", "*")),
  keyed("experimental.envoy.filters.x[y]", words),
);

const sources = fc.oneof(source, field("serviceAccounts", accounts));
const rule: fc.Arbitrary<RawRule> = fc.record({
  from: fc.option(fc.array(sources, { minLength: 1, maxLength: 2 }), { nil: undefined }),
  to: fc.option(fc.array(operation, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 4 }),
  when: fc.array(condition, { maxLength: 2 }),
});

export const policyOf = (...actions: readonly PolicyAction[]): fc.Arbitrary<AuthorizationPolicy> =>
  fc
    .record({
      action: fc.constantFrom(...actions),
      rules: fc.array(rule, { minLength: 1, maxLength: 4 }),
      shadow: fc.boolean(),
      namespace: fc.constantFrom("foo", "foo", "istio-system"),
      name: fc.stringMatching(/^[a-z][a-z0-9]{0,3}$/),
    })
    .map(({ action, rules, namespace, name, shadow }) => {
      const dry = shadow && (action === "ALLOW" || action === "DENY");
      return policy(action, rules, { name, namespace, shadow: dry });
    });

/** Enough of them that the index has branches; no two of one name. */
export const manyPolicies = fc.uniqueArray(policyOf("ALLOW", "ALLOW", "DENY", "DENY", "AUDIT", "CUSTOM"), {
  minLength: 5,
  maxLength: 40,
  selector: ({ namespace, name }) => `${namespace}/${name}`,
});

const address = fc.constantFrom("10.0.0.1", "10.0.0.2", "192.0.2.1", "2001:db8::1").map(ip);
export const anyRequest: fc.Arbitrary<Partial<RequestModel>> = fc.record({
  protocol: fc.constantFrom("http", "http", "http", "tcp"),
  method: fc.constantFrom("GET", "POST", ""),
  path: fc.constantFrom("/a", "/a/b", "/c/x/d", "/", "", "*", "*b"),
  query: fc.constantFrom("", "q"),
  host: fc.constantFrom(undefined, "x.test", "X.TEST", "y.test:80", ""),
  sourcePrincipal: fc.constantFrom(
    undefined,
    "",
    "td/ns/foo/sa/x",
    "cluster.local/ns/bar/sa/y",
    "ns/foo/sa/x",
    "old/ns/foo/sa/x",
    "my-td/ns/foo/sa/x",
    "td/ns/ns/foo/sa/sa/x/z",
    "td/ns/bar/ns/foo/q/sa/x",
  ),
  headers: fc.constantFrom([], ["user"], ["admin", "user", "admin"], [""]).map(
    (lines) =>
      new Map([
        ["x-role", lines],
        ["__proto__", lines],
      ]),
  ),
  source: address.map((found) => ({ address: found, port: 1 })),
  destination: fc
    .tuple(fc.option(address, { nil: undefined }), fc.constantFrom(80, 8080))
    .map(([found, port]) => ({ address: found, port })),
  remoteAddress: fc.option(address, { nil: undefined }),
  sni: fc.constantFrom("", "x.test"),
});

export const anyPayload: fc.Arbitrary<JsonObject | undefined> = fc.option(
  fc.record({
    iss: fc.constantFrom("i", "i/a", "a*b", "ib"),
    sub: fc.constantFrom("s", "", "a/s", "*"),
    role: fc.constantFrom("user", ["admin", "user", 1], 7),
    aud: fc.constantFrom("user", ["a"]),
    azp: fc.constantFrom("admin"),
    nested: fc.constantFrom("user", JSON.parse('{"__proto__": "admin"}')),
  }),
  { nil: undefined },
);
