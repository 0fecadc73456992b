import { describe, expect, test } from "vitest";
import { compileCel } from "../../../ext-authz/authorize/cel/expression.ts";
import { tcp } from "../fixtures.ts";
import { claims, evaluate, evaluateWithoutToken } from "./expressions.ts";

const holds = [
  'request.method == "GET" && request.path == "/orders/7" && request.url_path == request.path',
  'request.query == "full=1" && request.scheme == "http" && request.host == "shop.example:8443"',
  'request.id == "r-1" && request.useragent == "curl/8" && !has(request.referer)',
  'request.headers["x-role"] == "user,admin"',
  'request.header_values["x-role"].exists(role, role == "admin")',
  'request.header_values["x-role"] == ["user", "admin"]',
  '"x-role" in request.headers && !("x-none" in request.headers)',
  'request.headers["__proto__"] == "p"',
  'request.auth.principal == "https://issuer.example/alice" && request.auth.presenter == "shop-app"',
  '"orders" in request.auth.audiences',
  '"admin" in request.auth.claims.groups && request.auth.claims.groups.size() == 2',
  'request.auth.claims.groups.filter(g, g != "admin") == ["staff"]',
  'request.auth.claims.groups.map(g, g + "!") == ["staff!", "admin!"]',
  "request.auth.claims.level >= 3 && request.auth.claims.level == 3.0",
  'request.auth.claims.address.country == "CH"',
  'request.auth.claims["constructor"].name == "x"',
  'request.auth.claims["$typeName"].startsWith("google")',
  "request.auth.claims.nothing == null",
  'source.address == "10.0.0.1:40000" && source.ip == "10.0.0.1" && source.port == 40000',
  'source.principal == "td/ns/shop/sa/web" && source.namespace == "shop" && source.service_account == "web"',
  'source.trust_domain == "td" && remote.ip == "203.0.113.9"',
  'destination.address == "[2001:db8::1]:8080" && destination.namespace == "shop"',
  'destination.workload == "orders-1" && destination.labels.app == "orders"',
  'connection.mtls && connection.sni == "shop.example" && connection.requested_server_name == connection.sni',
  'connection.uri_san_peer_certificate == "spiffe://td/ns/shop/sa/web"',
  'metadata.filter_metadata["my.filter"].tier == "gold"',
  'inCidr(source.ip, "10.0.0.0/8") && !inCidr(source.ip, "192.168.0.0/16")',
  'request.path.matches("^/orders/[0-9]+$") && !request.path.matches("^/admin")',
  'request.method.lowerAscii() == "get"',
  '{"a": 1}["a"] == 1 && [1, 2][1] == 2',
  "request.path == '/no' ? false : true",
  "request.auth.claims.missing == 1 || true",
];

const fails = ['request.path == "/orders"', "has(request.auth.claims.missing)", "!connection.mtls", "1 in [2]"];

const errors = [
  "request.auth.claims.missing == 1",
  "request.referer == ''",
  "request.auth.claims.level",
  "request.auth.claims.sub + 1 == 2",
  'request.auth.claims.groups[7] == "x"',
  "1 / (request.query.size() - 6) == 1",
  'inCidr(request.path, "10.0.0.0/8")',
  'metadata.filter_metadata["other"].tier == "gold"',
  'int("abc") == 1',
  "request.auth.claims.sub.map(c, c) == []",
];

const refused: readonly (readonly [text: string, reason: string])[] = [
  ["request.pathh == '/a'", "unknown attribute `request.pathh`"],
  ["claims.sub == 'a'", "unknown name `claims`"],
  ["constructor == null", "unknown name `constructor`"],
  ["request", "not a bool"],
  ["request.path", "is string, not a bool"],
  ["request.path == 1", "never equal"],
  ["request.path > 1", "`>` does not take (string, int)"],
  ["request.path && true", "wants a bool"],
  ["!request.path", "wants a bool"],
  ["request.path ? true : false", "the condition before `?`"],
  ["[1].map(request, true) == []", "hides an attribute"],
  ["'a' in [1]", "is never in list(int)"],
  ["request.auth == request.auth", "never equal"],
  ["size(request) == 1", "does not take"],
  ["request['path'] == '/a'", "has no member"],
  ["source.port.exists(p, true)", "cannot be looped over"],
  ["request.path.host == 'a'", "has no member `host`"],
  ["fetch('http://evil.example')", "unknown function `fetch`"],
  ["request.path.matches(request.query)", "must be a constant text"],
  ["request.path.matches('(')", "no RE2 expression"],
  ["request.path.matches('(?=a)b')", "no RE2 expression"],
  ["request.headers['X-Role'] == 'a'", "in lower case"],
  ["google.protobuf.Empty{} == 1", "cannot be made here"],
  ["request.path ==", "but expecting"],
  ["@turn()", "but expecting"],
  ["", "but expecting"],
];

describe("an expression over a request", () => {
  test.each(holds)("holds: %s", (text) => expect(evaluate(text)).toBe(true));
  test.each(fails)("does not hold: %s", (text) => expect(evaluate(text)).toBe(false));
  test.each(errors)("is an error: %s", (text) => expect(evaluate(text)).toBe("error"));
  test.each(refused)("is refused when it is loaded: %s", (text, reason) => {
    expect(evaluate(text)).toEqual(expect.arrayContaining([expect.stringContaining(reason)]));
  });

  test("every problem is told, with its place", () => {
    const compiled = compileCel("request.a == 1 && source.b == 2");
    expect(compiled.ok ? [] : compiled.error.map(({ column }) => column)).toEqual([8, 25]);
  });
});

test.each([
  ["request.auth.claims.missing == 1", "missing is not there"],
  ["request.auth.claims[request.auth.claims.sub] == 1", "the expression could not be evaluated"],
  ["int(request.auth.claims.sub) == 1", "the expression could not be evaluated"],
  ["request.auth.claims.groups", "the expression gave no boolean"],
])("an error says why, and quotes no claim: %s", (text, why) => {
  expect(evaluate(text, {}, claims, (told) => told)).toBe(why);
});

describe("what a request does not have", () => {
  test("without a token there is no request.auth", () => {
    expect(evaluateWithoutToken("has(request.auth)")).toBe(false);
    expect(evaluateWithoutToken("request.auth.claims.sub == 'alice'")).toBe("error");
    expect(evaluateWithoutToken("request.auth.principal != 'https://issuer.example/alice'")).toBe("error");
  });

  test.each(["request.method == ''", "request.path == ''", "request.headers['a'] == ''"])("TCP: %s", (text) => {
    expect(evaluate(text, tcp)).toBe("error");
  });

  test.each(["source.principal == ''", "source.namespace == ''", "connection.sni == ''"])("no mTLS: %s", (text) => {
    expect(evaluate(text, { sourcePrincipal: undefined, sni: "" })).toBe("error");
  });

  test("another SPIFFE identity has no namespace", () => {
    expect(evaluate('source.namespace == "shop"', { sourcePrincipal: "td/ns/shop/x/web" })).toBe("error");
    expect(evaluate('source.trust_domain == "td"', { sourcePrincipal: "td/ns/shop/x/web" })).toBe(true);
  });
});
