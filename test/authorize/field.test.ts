import { describe, expect, test } from "vitest";
import type { JsonObject, RequestModel } from "../../ext-authz/model.ts";
import type { Condition, Operation, Source } from "../../ext-authz/resources/resource.ts";
import { ip, request, ruleMatches } from "./fixtures.ts";

type Row<T> = readonly [what: T, changes: Partial<RequestModel>, matched: boolean];

const as = (sourcePrincipal: string): Partial<RequestModel> => ({ sourcePrincipal });
const sleep = as("cluster.local/ns/foo/sa/sleep");
const headers = (lines: Record<string, string[]>): Partial<RequestModel> => ({
  headers: new Map(Object.entries(lines)),
});

const sources: readonly Row<Source>[] = [
  [{ principals: ["cluster.local/ns/foo/sa/sleep"] }, sleep, true],
  [{ principals: ["spiffe://cluster.local/ns/foo/sa/sleep"] }, sleep, false],
  [{ principals: ["CLUSTER.local/ns/foo/sa/sleep"] }, sleep, false],
  [{ principals: ["*"] }, sleep, true],
  [{ principals: ["*"] }, {}, false],
  [{ principals: ["*/sa/sleep"] }, sleep, true],
  [{ principals: ["cluster.local/ns/foo/*"] }, sleep, true],
  [{ principals: ["*leep*"] }, sleep, false],
  [{ principals: ["nobody", "*/sa/sleep"] }, sleep, true],
  [{ notPrincipals: ["*"] }, sleep, false],
  [{ notPrincipals: ["*"] }, {}, true],
  [{ namespaces: ["foo"] }, sleep, true],
  [{ namespaces: ["fo"] }, sleep, false],
  [{ namespaces: ["*"] }, as("not-an-istio-name"), false],
  [{ notNamespaces: ["foo"] }, {}, true],
  [{ notNamespaces: ["foo"] }, sleep, false],
  [{ serviceAccounts: ["foo/sleep"] }, as("other.td/ns/foo/sa/sleep"), true],
  [{ serviceAccounts: ["sleep"] }, sleep, true],
  [{ serviceAccounts: ["sleep"] }, as("cluster.local/ns/bar/sa/sleep"), false],
  [{ notServiceAccounts: ["foo/sleep"] }, {}, true],
  [{ trustDomains: ["*"] }, sleep, true],
  [{ trustDomains: ["*"] }, {}, false],
  [{ trustDomains: ["cluster"] }, sleep, false],
  [{ trustDomains: ["*.local"] }, sleep, true],
  [{ notTrustDomains: ["cluster.local"] }, {}, true],
  [{ notTrustDomains: ["cluster.local"] }, sleep, false],
  [{ ipBlocks: ["10.0.0.0/24"] }, {}, true],
  [{ ipBlocks: ["203.0.113.0/24"] }, {}, false],
  [{ ipBlocks: ["0.0.0.0/0"] }, { source: { address: undefined, port: 0 } }, false],
  [{ notIpBlocks: ["0.0.0.0/0"] }, { source: { address: undefined, port: 0 } }, true],
  [{ remoteIpBlocks: ["203.0.113.0/24"] }, {}, true],
  [{ remoteIpBlocks: ["::/0", "0.0.0.0/0"] }, { remoteAddress: undefined }, false],
  [{ notRemoteIpBlocks: ["203.0.113.9"] }, {}, false],
  [{ principals: ["*"], notNamespaces: ["foo"] }, sleep, false],
  [{ namespaces: ["foo"], ipBlocks: ["10.0.0.1"] }, sleep, true],
];

const operations: readonly Row<Operation>[] = [
  [{ hosts: ["EXAMPLE.com"] }, { host: "example.COM" }, true],
  [{ hosts: ["example.com"] }, { host: "example.com:8080" }, false],
  [{ hosts: ["example.com:*"] }, { host: "example.com:8080" }, true],
  [{ hosts: ["*.example.com"] }, { host: "a.Example.com" }, true],
  [{ hosts: ["*.example.com"] }, { host: "example.com" }, false],
  [{ hosts: ["example.com"] }, { host: "example.com." }, false],
  [{ hosts: ["[::1]:80"] }, { host: "[::1]:80" }, true],
  [{ hosts: ["ko.com"] }, { host: "\u212Ao.com" }, false],
  [{ hosts: ["*"] }, { host: "" }, true],
  [{ hosts: ["*"] }, { host: undefined }, false],
  [{ notHosts: ["*"] }, { host: undefined }, true],
  [{ notHosts: ["example.com"] }, { host: "EXAMPLE.com" }, false],
  [{ methods: ["GET"] }, {}, true],
  [{ methods: ["get"] }, {}, false],
  [{ methods: ["*"] }, { method: "BREW" }, true],
  [{ methods: ["P*"] }, { method: "PATCH" }, true],
  [{ notMethods: ["GET"] }, { method: "get" }, true],
  [{ paths: ["/a"] }, { path: "/a" }, true],
  [{ paths: ["/a"] }, { path: "/a/" }, false],
  [{ paths: ["/a"] }, { path: "/A" }, false],
  [{ paths: ["/a"] }, { path: "/a", query: "b=/c" }, true],
  [{ paths: ["*/c"] }, { path: "/a", query: "b=/c" }, false],
  [{ paths: ["/a*"] }, { path: "/a" }, true],
  [{ paths: ["*mid*"] }, { path: "/amid*" }, true],
  [{ paths: ["*mid*"] }, { path: "/midst" }, false],
  [{ paths: ["*"] }, { path: "/x" }, true],
  [{ paths: ["*"] }, { path: "" }, false],
  [{ notPaths: ["*"] }, { path: "" }, true],
  [{ paths: ["/x", "/a/{*}"] }, { path: "/a/b" }, true],
  [{ notPaths: ["/a/{**}"] }, { path: "/a/b" }, false],
  [{ paths: ["/.*"] }, { path: "/abc" }, false],
  [{ paths: ["/pkg.Service/Method"] }, { path: "/pkg.Service/Method", method: "POST" }, true],
  [{ ports: ["8080"] }, {}, true],
  [{ ports: ["080"] }, { destination: { address: undefined, port: 80 } }, true],
  [{ ports: ["80"] }, {}, false],
  [{ notPorts: ["8080"] }, {}, false],
  [{ methods: ["GET"], paths: ["/a"] }, { path: "/b" }, false],
];

const role = headers({ "x-role": ["user", "admin"] });
const when = (key: string, ...values: string[]): Condition => ({ key, values });
const unless = (key: string, ...notValues: string[]): Condition => ({ key, notValues });
const filter = (value: JsonObject): Partial<RequestModel> => ({ metadata: new Map([["envoy.filters.http.x", value]]) });
const member = "experimental.envoy.filters.http.x[y]";

const conditions: readonly Row<Condition>[] = [
  [when("request.headers[X-Role]", "admin"), role, true],
  [when("request.headers[x-role]", "user,admin"), role, false],
  [when("request.headers[x-role]", "Admin"), role, false],
  [unless("request.headers[x-role]", "admin"), role, false],
  [unless("request.headers[x-role]", "admin"), {}, true],
  [when("request.headers[x-role]", "*"), headers({ "x-role": [""] }), true],
  [when("request.headers[x-role]", "*"), headers({ x_role: ["a"] }), false],
  [when("request.headers[__proto__]", "*"), {}, false],
  [when("request.headers[host]", "example.com"), {}, true],
  [when("request.headers[:authority]", "EXAMPLE.com"), {}, false],
  [when("request.headers[host]", "evil"), headers({ host: ["evil"] }), false],
  [when("request.headers[:method]", "GET"), {}, true],
  [when("request.headers[:path]", "/a?b"), { path: "/a", query: "b" }, true],
  [when("request.headers[:path]", "/a"), { path: "/a", query: "b" }, false],
  [when("request.headers[:scheme]", "http"), {}, true],
  [when("request.headers[:status]", "*"), {}, false],
  [when("source.ip", "10.0.0.0/8"), {}, true],
  [when("remote.ip", "10.0.0.0/8"), {}, false],
  [unless("remote.ip", "10.0.0.0/8"), { remoteAddress: undefined }, true],
  [when("source.namespace", "foo"), sleep, true],
  [when("source.principal", "*/sleep"), sleep, true],
  [when("source.serviceAccount", "foo/sleep"), sleep, true],
  [when("source.trustDomain", "cluster.*"), sleep, true],
  [when("destination.ip", "10.1.0.0/16"), {}, true],
  [when("destination.ip", "10.1.0.0/16"), { destination: { address: ip("10.2.0.1"), port: 1 } }, false],
  [when("destination.port", "8080"), {}, true],
  [unless("destination.port", "8080"), {}, false],
  [when("connection.sni", "*.example.com"), { sni: "a.example.com" }, true],
  [when("connection.sni", "A.example.com"), { sni: "a.example.com" }, false],
  [when("connection.sni", "*"), {}, false],
  [unless("connection.sni", "*"), {}, true],
  [when(member, "v"), filter({ y: "v" }), true],
  [when(member, "v"), filter({ y: ["v"] }), false],
  [when(member, "[v]"), filter({ y: ["u", "v"] }), true],
  [when(member, "[v]"), filter({ y: "v" }), false],
  [when(member, "[v*]"), filter({ y: ["vw"] }), true],
  [when(member, "[[v]]"), filter({ y: ["v"] }), true],
  [when(member, "*"), filter({ y: 1 }), false],
  [when(member, "*"), {}, false],
  [unless(member, "v"), {}, true],
  [when("experimental.envoy.filters.http.x[a][b]", "v"), filter({ "a][b": "v" }), true],
  [when("experimental.envoy.filters.http.x[__proto__]", "*"), filter({}), false],
  [when(member, "v"), filter(Object.create({ y: "v" })), false],
];

describe("what each field matches", () => {
  test.each(sources)("source %o with %o: %s", (source, changes, matched) => {
    expect(ruleMatches({ from: [source] }, changes)).toBe(matched);
  });
  test.each(operations)("operation %o with %o: %s", (operation, changes, matched) => {
    expect(ruleMatches({ to: [operation] }, changes)).toBe(matched);
  });
  test.each(conditions)("when %o with %o: %s", (condition, changes, matched) => {
    expect(ruleMatches({ when: [condition] }, changes)).toBe(matched);
  });

  test("values and notValues of one condition must both hold", () => {
    const both: Condition = { key: "request.headers[x-role]", values: ["a*"], notValues: ["ab"] };
    const roles = ["aa", "ab", "b"].map((value) => ruleMatches({ when: [both] }, headers({ "x-role": [value] })));
    expect(roles).toEqual([true, false, false]);
    expect(ruleMatches({ when: [both] }, request())).toBe(false);
  });
});
