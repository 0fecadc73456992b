/** What a verified token leaves behind in the request: istio-semantics §3.8 and its overrides in §17. */
import { expect, test } from "vitest";
import { authenticate } from "../../ext-authz/authenticate/authenticate.ts";
import { ownedHeaders } from "../../ext-authz/authenticate/plan.ts";
import type { Authentication, JsonValue, RequestModel } from "../../ext-authz/model.ts";
import type { JwtRule } from "../../ext-authz/resources/resource.ts";
import { bearer, encode, goodClaims, NOW, planOf, request, rule, signText, token } from "./forge.ts";

function verified(rules: readonly JwtRule[], model: RequestModel): Authentication {
  const result = authenticate(planOf(rules), model, NOW, new AbortController().signal);
  // Inline keys: an answer that is not there at once would be a lost fast path.
  if (result instanceof Promise || !result.ok) throw new Error("refused, or not synchronous");
  return result.value;
}

const claimTable: readonly (readonly [claim: JsonValue, rendered: string | undefined])[] = [
  ["text", "text"],
  ["grün", "grün"],
  ["", undefined],
  [true, "true"],
  [false, "false"],
  [null, undefined],
  [0, "0"],
  [9999, "9999"],
  [2 ** 53, "9007199254740992"],
  [1e18, "1000000000000000000"],
  [2e19, "20000000000000000000.000000"],
  [1e22, "10000000000000000000000.000000"],
  [-5, "-5.000000"],
  [1.5, "1.500000"],
  [0.1, "0.100000"],
  [1e-7, "0.000000"],
  [2 ** -7, "0.007812"],
  [3 * 2 ** -7, "0.023438"],
  [-0.25, "-0.250000"],
  [[1, "a"], Buffer.from('[1,"a"]').toString("base64")],
  [{ b: 1, a: [] }, Buffer.from('{"b":1,"a":[]}').toString("base64")],
  ["a\r\nx-admin: 1", undefined],
  ["a\0", undefined],
  ["a\tb", "a\tb"],
];

test.each(claimTable)("claim %j becomes %j", (claim, rendered) => {
  const output = { outputClaimToHeaders: [{ header: "X-Out", claim: "c" }] };
  const { changes } = verified([rule(output)], bearer(token(goodClaims({ c: claim }))));
  expect(changes.set).toEqual(rendered === undefined ? [] : [["x-out", rendered]]);
  expect(changes.remove).toEqual(rendered === undefined ? ["x-out", "authorization"] : ["authorization"]);
});

test.each([
  ["a.b.c", "deep"],
  ["a", Buffer.from('{"b":{"c":"deep"}}').toString("base64")],
  ["a.b.c.d", undefined],
  ["list.0", undefined],
  ["dotted.name", undefined],
  ["constructor", undefined],
  ["__proto__.x", "own"],
])("claim path %s", (claim, rendered) => {
  const claims = { ...goodClaims(), a: { b: { c: "deep" } }, list: ["x"], "dotted.name": "y" };
  const payload = `{"__proto__":{"x":"own"},${JSON.stringify(claims).slice(1)}`;
  const raw = signText('{"alg":"RS256"}', payload);
  const { changes } = verified([rule({ outputClaimToHeaders: [{ header: "x-out", claim }] })], bearer(raw));
  expect(new Map(changes.set).get("x-out")).toBe(rendered);
});

test("the payload goes out as it was sent", () => {
  const payload = ` ${JSON.stringify(goodClaims())}\n`;
  const { changes } = verified(
    [rule({ outputPayloadToHeader: "X-Payload" })],
    bearer(signText('{"alg":"RS256"}', payload)),
  );
  expect(changes.set).toEqual([["x-payload", encode(payload)]]);
});

test("the token leaves from where it was found, unless it is forwarded", () => {
  const raw = token();
  const query = `a=1&access%5Ftoken=${raw}&access_token=${raw}`;
  const both = request({ authorization: `Bearer ${raw}` }, { query });
  expect(verified([rule()], both).changes).toEqual({
    remove: ["authorization"],
    set: [],
    removeQueryParameters: ["access_token", "access%5Ftoken"],
  });
  expect(verified([rule({ forwardOriginalToken: true })], both).changes).toEqual({
    remove: [],
    set: [],
    removeQueryParameters: [],
  });
  const inQuery = request({ authorization: "Basic dTpw" }, { query: `access_token=${raw}` });
  expect(verified([rule()], inQuery).changes.remove).toEqual([]);
  const inCookie = request({ cookie: `sid=${raw}` });
  expect(verified([rule({ fromCookies: ["sid"] })], inCookie).changes.remove).toEqual([]);
});

test("a remembered token leaves from where it stands now, not from where it stood", () => {
  const raw = token();
  const twoHeaders = [
    { name: "x-a", prefix: "" },
    { name: "x-b", prefix: "" },
  ];
  const outputs = { outputClaimToHeaders: [{ header: "x-who", claim: "sub" }] };
  const plan = planOf([rule({ ...outputs, fromHeaders: twoHeaders, fromParams: ["t"] })]);
  const requests: readonly (readonly [RequestModel, readonly string[], readonly string[]])[] = [
    [request({ "x-a": raw }), ["x-a"], []],
    [request({ "x-b": raw }), ["x-b"], []],
    [request({ "x-a": raw, "x-b": raw }), ["x-a", "x-b"], []],
    [request({}, { query: `t=${raw}` }), [], ["t"]],
    [request({ "x-a": raw }, { query: `t=${raw}` }), ["x-a"], ["t"]],
  ];
  for (const [model, remove, removeQueryParameters] of [...requests, ...requests.toReversed(), ...requests]) {
    const result = authenticate(plan, model, NOW, new AbortController().signal);
    if (result instanceof Promise || !result.ok) throw new Error("refused, or not synchronous");
    expect(result.value.changes).toEqual({ remove, set: [["x-who", "alice"]], removeQueryParameters });
  }
});

test("two rules write what each of them says of the same token", () => {
  const raw = token();
  const headers = ["x-one", "x-two"];
  const plans = headers.map((header) => planOf([rule({ outputClaimToHeaders: [{ header, claim: "sub" }] })]));
  for (const at of [0, 1, 0, 1]) {
    const plan = plans[at];
    const result = plan && authenticate(plan, bearer(raw), NOW, new AbortController().signal);
    if (result === undefined || result instanceof Promise || !result.ok) throw new Error("refused");
    expect(result.value.changes.set).toEqual([[headers[at], "alice"]]);
  }
});

test("what any rule writes is removed from every request, whoever wins", () => {
  const rules = [
    rule({ outputPayloadToHeader: "X-One" }),
    rule({ issuer: "https://z.example", outputClaimToHeaders: [{ header: "x-Two", claim: "sub" }] }),
  ];
  const spoofed = { "x-one": "spoofed", "x-two": "spoofed" };
  const preflight = { ...spoofed, origin: "https://a", "access-control-request-method": "GET" };
  expect(ownedHeaders(planOf(rules))).toEqual(["x-one", "x-two"]);
  expect(verified(rules, request(spoofed)).changes.remove).toEqual(["x-one", "x-two"]);
  expect(verified(rules, request(preflight, { method: "OPTIONS" })).changes.remove).toEqual(["x-one", "x-two"]);
  const won = verified(rules, bearer(token())).changes;
  expect(won.remove).toEqual(["x-two", "authorization"]);
  expect(won.set.map(([name]) => name)).toEqual(["x-one"]);
});

test("two claims for one header are both in it", () => {
  const outputClaimToHeaders = [
    { header: "x-who", claim: "sub" },
    { header: "X-Who", claim: "tenant" },
  ];
  const { changes } = verified([rule({ outputClaimToHeaders })], bearer(token(goodClaims({ tenant: "t1" }))));
  expect(changes.set).toEqual([["x-who", "alice,t1"]]);
});

test("space-delimited claims are split for policy, and only there", () => {
  const claims = { scope: " read  write ", permission: ["kept as is"], roles: "a b", "p.q": "c d", p: { q: "e f" } };
  const { payload, token: seen } = verified(
    [rule({ spaceDelimitedClaims: ["roles", "p.q"] })],
    bearer(token(goodClaims(claims))),
  );
  expect(payload).toMatchObject({ ...claims, scope: ["read", "write"], roles: ["a", "b"], "p.q": ["c", "d"] });
  expect(seen?.claims).toMatchObject(claims);
});

test("the verified token is told as it is", () => {
  const raw = token(goodClaims({ exp: NOW + 10.9 }));
  const found = verified([rule()], bearer(raw)).token;
  expect(found).toMatchObject({ raw, issuer: "https://issuer.example", subject: "alice", expiresAt: NOW + 10 });
  expect(verified([rule()], bearer(token(goodClaims({ exp: 0 })))).token?.expiresAt).toBeUndefined();
});
