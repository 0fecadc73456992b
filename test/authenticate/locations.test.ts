/** Where a token is seen, and where it is not: istio-semantics §3.3, §17, as tables of requests. */
import { describe, expect, test } from "vitest";
import type { JwtRule } from "../../ext-authz/resources/resource.ts";
import { bearer, goodClaims, type HeaderTable, LIMITS, NOW, outcome, planOf, request, rule, token } from "./forge.ts";

const T = token();
const EXPIRED = token(goodClaims({ exp: NOW - 600 }));
const BAD_FORM = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";

type Row = readonly [name: string, headers: HeaderTable, query: string, expected: string];

const byDefault: readonly Row[] = [
  ["nothing", {}, "", "none"],
  ["bearer", { authorization: `Bearer ${T}` }, "", "ok alice"],
  ["two spaces", { authorization: `Bearer  ${T}` }, "", "ok alice"],
  ["junk after the prefix is skipped", { authorization: `Bearer "!${T}` }, "", "ok alice"],
  ["rest is not cut", { authorization: `Bearer ${T}"` }, "", "Jwt signature is an invalid Base64url encoded"],
  ["prefix anywhere", { authorization: `Basic abc,Bearer ${T}` }, "", "ok alice"],
  ["lower-case prefix", { authorization: `bearer ${T}` }, "", "none"],
  ["tab for space", { authorization: `Bearer\t${T}` }, "", "none"],
  ["basic", { authorization: "Basic dTpw" }, "", "none"],
  ["bearer and nothing", { authorization: "Bearer " }, "", BAD_FORM],
  ["two lines are joined to one malformed token", { authorization: [`Bearer ${T}`, `Bearer ${T}`] }, "", BAD_FORM],
  ["Basic line, then Bearer line", { authorization: ["Basic abc", `Bearer ${T}`] }, "", "ok alice"],
  [
    "Bearer line, then Basic line",
    { authorization: [`Bearer ${T}`, "Basic abc"] },
    "",
    "Jwt signature is an invalid Base64url encoded",
  ],
  ["query", {}, `access_token=${T}`, "ok alice"],
  ["query, encoded name", {}, `a=1&access%5Ftoken=${T}`, "ok alice"],
  ["query, encoded value", {}, `access_token=${T.replaceAll(".", "%2e")}`, "ok alice"],
  ["query, encoded twice", {}, `access_token=${T.replaceAll(".", "%252e")}`, BAD_FORM],
  ["query, plus is no space", {}, `access_token=${T}+`, "Jwt signature is an invalid Base64url encoded"],
  ["query, bad escape stays", {}, `access_token=${T}%g1`, "Jwt signature is an invalid Base64url encoded"],
  ["query, empty", {}, "access_token=", BAD_FORM],
  ["query, no value", {}, "access_token", BAD_FORM],
  ["query, first counts", {}, `access_token=${T}&access_token=x`, "ok alice"],
  ["query, other case", {}, `Access_Token=${T}`, "none"],
  ["query, after a fragment", {}, `a=1#&access_token=${T}`, "none"],
  ["header good, query expired", { authorization: `Bearer ${T}` }, `access_token=${EXPIRED}`, "Jwt is expired"],
  ["header expired, query good", { authorization: `Bearer ${EXPIRED}` }, `access_token=${T}`, "Jwt is expired"],
  ["both bad: the last one is reported", { authorization: "Bearer x" }, `access_token=${EXPIRED}`, "Jwt is expired"],
  ["cookie is not looked at", { cookie: `access_token=${T}` }, "", "none"],
];

test.each(byDefault)("default: %s", async (_, headers, query, expected) => {
  expect(await outcome(planOf([rule()]), request(headers, { query }))).toBe(expected);
});

const headers = {
  fromHeaders: [
    { name: "X-Tok", prefix: "" },
    { name: "x-other", prefix: "Value " },
  ],
};
const cookies = { fromCookies: ["sid"] };
const params = { fromParams: ["b", "a"] };

const configured: readonly (readonly [...Row, Partial<JwtRule>])[] = [
  ["other lists switch the defaults off", { authorization: `Bearer ${T}` }, `access_token=${T}`, "none", headers],
  ["no prefix: the whole value", { "x-tok": T }, "", "ok alice", headers],
  ["no prefix: nothing is skipped", { "x-tok": `"${T}` }, "", "Jwt header is an invalid Base64url encoded", headers],
  ["no prefix: empty is a token", { "x-tok": "" }, "", BAD_FORM, headers],
  ["each line of a custom header", { "x-tok": [T, EXPIRED] }, "", "Jwt is expired", headers],
  ["lines without the prefix are no tokens", { "x-other": ["Bearer x", `Value ${T}`] }, "", "ok alice", headers],
  ["cookie", { cookie: `a=b; sid=${T}; c=d` }, "", "ok alice", cookies],
  ["cookie in quotes", { cookie: `sid="${T}"` }, "", "ok alice", cookies],
  ["cookie on the second line", { cookie: ["a=b", `sid=${T}`] }, "", "ok alice", cookies],
  ["first cookie of that name", { cookie: `sid=${T}; sid=x` }, "", "ok alice", cookies],
  ["cookie of another name", { cookie: `xsid=${T}; Sid=x; sid` }, "", "none", cookies],
  ["parameters are tried from last to first", {}, `b=x&a=${EXPIRED}`, BAD_FORM, params],
];

test.each(configured)("configured: %s", async (_, lines, query, expected, more) => {
  expect(await outcome(planOf([rule(more)]), request(lines, { query }))).toBe(expected);
});

describe("no token is looked at", () => {
  test("on a CORS preflight", async () => {
    const preflight = { origin: "https://a", "access-control-request-method": "POST", authorization: "Bearer x" };
    const plan = planOf([rule()], true);
    expect(await outcome(plan, request(preflight, { method: "OPTIONS" }))).toBe("none");
    expect(await outcome(plan, request(preflight))).toBe(BAD_FORM);
    expect(await outcome(plan, request({ ...preflight, origin: "" }, { method: "OPTIONS" }))).toBe(BAD_FORM);
  });

  test("on TCP, and without any rule", async () => {
    expect(await outcome(planOf([rule()]), request({ authorization: "Bearer x" }, { protocol: "tcp" }))).toBe("none");
    expect(await outcome(planOf([]), bearer("x"))).toBe("none");
  });

  test("in a header that a rule writes: it is stripped before", async () => {
    const plan = planOf([rule({ ...headers, outputPayloadToHeader: "x-tok" })]);
    expect(await outcome(plan, request({ "x-tok": T }))).toBe("none");
  });
});

test("the number of different tokens is bounded", async () => {
  const lines = (count: number): string[] => Array.from({ length: count }, (_, at) => token(goodClaims({ at })));
  const plan = planOf([rule(headers)]);
  expect(await outcome(plan, request({ "x-tok": lines(LIMITS.tokens) }))).toBe("ok alice");
  expect(await outcome(plan, request({ "x-tok": lines(LIMITS.tokens + 1) }))).toBe(
    "The request carries too many tokens",
  );
});
