/**
 * Rules of AuthorizationPolicies out of the same few words as the generated requests: every field and key that a rule can ask.
 */
import fc from "fast-check";
import { ISSUERS } from "./world-credentials.ts";
import { HOSTS, METHODS, POLICY_HEADERS, SEGMENTS, VALUES } from "./world-requests.ts";

const some = <T>(values: readonly T[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });
const patternOf = (text: string) =>
  fc.constantFrom(text, `${text}*`, `*${text}`, `${text.slice(0, 3)}*`, `*${text.slice(-3)}`);
const path = fc.oneof(
  fc
    .array(fc.constantFrom(...SEGMENTS), { maxLength: 3 })
    .chain((parts) => fc.constantFrom(`/${parts.join("/")}`, `/${parts.join("/")}/*`, `/${parts.join("/")}*`)),
  fc.constantFrom(
    "*",
    "*.html",
    "*/1",
    "*s",
    "/orders/{*}",
    "/orders/{**}",
    "/{*}/1",
    "/a/{**}/1",
    "/{**}",
    "/ordersX",
  ),
);
const header = fc.constantFrom(...POLICY_HEADERS, "x-forwarded-client-cert");
const value = fc.constantFrom(...VALUES.filter((text) => text !== ""), "*", "adm*", "*min", "10.0.0.7*");
const blocks = some(["10.0.0.1", "10.0.0.2/31", "10.0.0.7", "192.168.0.0/16"]);
const principals = some(["cluster.local/ns/foo/sa/web", "cluster.local/*", "*", "old.local/ns/foo/sa/web", "*/sa/web"]);
const requestPrincipals = some([
  `${ISSUERS[0]}/alice`,
  `${ISSUERS[0]}/*`,
  "*",
  `${ISSUERS[1]}/alice`,
  "keys/*",
  "*/o0",
]);

const paths = fc.uniqueArray(path, { minLength: 1, maxLength: 3 });
const source = fc.oneof(
  fc.record({ requestPrincipals }),
  fc.record({ notRequestPrincipals: requestPrincipals }),
  fc.record({ principals }),
  fc.record({ notPrincipals: principals }),
  fc.record({ namespaces: some(["foo", "bar", "f*"]) }),
  fc.record({ serviceAccounts: some(["web", "foo/web", "bar/web"]) }),
  fc.record({ trustDomains: some(["cluster.local", "old.local", "*"]) }),
  fc.record({ ipBlocks: blocks, requestPrincipals }),
  fc.record({ notIpBlocks: blocks }),
  fc.record({ remoteIpBlocks: blocks }),
  fc.record({ notRemoteIpBlocks: blocks }),
);
const operation = fc.oneof(
  { weight: 5, arbitrary: fc.record({ paths }) },
  { weight: 3, arbitrary: fc.record({ notPaths: paths }) },
  fc.record({ paths, notPaths: paths, methods: some(METHODS) }),
  fc.record({ methods: some([...METHODS, "*", "P*"]) }),
  fc.record({ hosts: fc.uniqueArray(fc.constantFrom(...HOSTS).chain(patternOf), { minLength: 1, maxLength: 2 }) }),
  fc.record({ ports: some(["8080", "8443"]), paths }),
);
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 2 });
const headerKey = header.map((name) => `request.headers[${name}]`);
const wholePath = some(["/orders*", "/a", "/a*", "*q=1", "*=2", "*/1", "/admin", "*", "*b"]);
const condition = fc.oneof(
  { weight: 6, arbitrary: fc.record({ key: headerKey, values }) },
  { weight: 6, arbitrary: fc.record({ key: headerKey, notValues: values }) },
  fc.record({
    key: fc.constantFrom("request.auth.claims[role]", "request.auth.claims[scope]"),
    values: some(["admin", "user", "read", "*"]),
  }),
  { weight: 2, arbitrary: fc.record({ key: fc.constant("request.headers[:path]"), values: wholePath }) },
  { weight: 2, arbitrary: fc.record({ key: fc.constant("request.headers[:path]"), notValues: wholePath }) },
  fc.record({ key: fc.constant("experimental.envoy.filters.x[y]"), notValues: fc.constantFrom(["2"], ["1"]) }),
  fc.record({ key: fc.constant("request.headers[x-request-id]"), notValues: fc.constantFrom(["2"], ["1"]) }),
  fc.record({ key: fc.constant("request.headers[:scheme]"), values: fc.constantFrom(["https"], ["http"]) }),
  fc.constantFrom<object>(
    { key: "request.headers[:method]", notValues: ["POST"] },
    { key: "request.headers[:authority]", notValues: ["other.example"] },
    { key: "connection.sni", values: ["svc.*"] },
    { key: "destination.port", notValues: ["8443"] },
    { key: "destination.ip", values: ["10.1.0.0/16"] },
    { key: "remote.ip", values: ["10.0.0.7"] },
    { key: "source.ip", notValues: ["10.0.0.2"] },
    { key: "source.namespace", values: ["foo"] },
    { key: "request.auth.audiences", values: ["svc"] },
    { key: "request.auth.principal", notValues: [`${ISSUERS[0]}/bob`] },
  ),
);
const one = <T>(arbitrary: fc.Arbitrary<T>, maxLength = 1) => fc.array(arbitrary, { minLength: 1, maxLength });
const sources = (maxLength?: number) => one(source, maxLength).map((list) => list.map((source) => ({ source })));
const operations = (maxLength?: number) =>
  one(operation, maxLength).map((list) => list.map((operation) => ({ operation })));

const somePaths = paths.map((paths) => [{ operation: { paths } }]);

/** One clause that decides, maybe for some paths: the fewer others, the more it matters. */
export const simpleRule: fc.Arbitrary<object> = fc.oneof(
  fc.record({ from: sources() }),
  fc.record({ to: operations() }),
  fc.record({ when: one(condition) }),
  fc.record({ to: somePaths, when: one(condition) }),
  fc.record({ to: somePaths, from: sources() }),
);
export const rule: fc.Arbitrary<object> = fc.oneof(
  simpleRule,
  fc.record({ from: sources(2), to: operations(2), when: one(condition, 2) }, { requiredKeys: [] }),
);
