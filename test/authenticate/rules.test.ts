/** Several rules, audiences, and what `strict` closes that Istio leaves open (istio-semantics §3.2, §3.5.10, §16). */
import { expect, test } from "vitest";
import { normalizeAudience } from "../../ext-authz/authenticate/check-claims.ts";
import { bearer, goodClaims, jwkOf, jwksOf, keys, NOW, outcome, planOf, request, rule, token } from "./forge.ts";

const A = "https://a.example";
const B = "https://b.example";
const one = { fromHeaders: [{ name: "x-one", prefix: "" }] };
const two = { fromHeaders: [{ name: "x-two", prefix: "" }] };
const ruleA = rule({ issuer: A, audiences: ["svc"], ...one });
const ruleB = rule({ issuer: B, audiences: ["svc"], ...two });
const tokenA = token(goodClaims({ iss: A, sub: "ann", aud: "svc" }));
const tokenB = token(goodClaims({ iss: B, sub: "bob", aud: "svc" }));
const expiredA = token(goodClaims({ iss: A, aud: "svc", exp: NOW - 600 }));
const forgedA = token(goodClaims({ iss: A, aud: "svc" }), {}, keys.otherRsa);
const forgedB = token(goodClaims({ iss: B, aud: "svc" }), {}, keys.otherRsa);

const UNKNOWN = "Jwt issuer is not configured";
const FAILS = "Jwt verification fails";
const CONFLICT = "Another token of the request is not valid";

test.each([
  ["none", {}, "none", "none"],
  ["first", { "x-one": tokenA }, "ok ann", "ok ann"],
  ["second", { "x-two": tokenB }, "ok bob", "ok bob"],
  ["both: the first by issuer", { "x-one": tokenA, "x-two": tokenB }, "ok ann", "ok ann"],
  ["swapped places", { "x-one": tokenB }, UNKNOWN, UNKNOWN],
  ["bad beside good", { "x-one": expiredA, "x-two": tokenB }, "ok bob", CONFLICT],
  ["good beside bad", { "x-one": tokenA, "x-two": forgedB }, "ok ann", CONFLICT],
  ["good beside garbage", { "x-one": tokenA, "x-two": "x" }, "ok ann", CONFLICT],
  ["good beside the same token where it does not belong", { "x-one": tokenA, "x-two": tokenA }, "ok ann", CONFLICT],
  [
    "two bad: the first rule's, since ALL ends there",
    { "x-one": expiredA, "x-two": forgedB },
    "Jwt is expired",
    "Jwt is expired",
  ],
  ["unknown issuer and a real error", { "x-one": tokenB, "x-two": forgedB }, FAILS, FAILS],
  ["a real error and unknown issuer", { "x-one": forgedA, "x-two": tokenA }, FAILS, FAILS],
])("two rules: %s", async (_, headers, lenient, strict) => {
  // Written in the other order: rules are sorted by issuer.
  expect(await outcome(planOf([ruleB, ruleA]), request(headers))).toBe(lenient);
  expect(await outcome(planOf([ruleB, ruleA], true), request(headers))).toBe(strict);
});

test("rules of one place: the one whose issuer it is verifies", async () => {
  const plan = planOf([rule({ issuer: A, audiences: ["svc"] }), rule({ issuer: B, audiences: ["svc"] })], true);
  expect(await outcome(plan, bearer(tokenB))).toBe("ok bob");
  expect(await outcome(plan, bearer(expiredA))).toBe("Jwt is expired");
  expect(await outcome(plan, bearer(token(goodClaims({ aud: "svc" }))))).toBe(UNKNOWN);
});

test("a rule without issuer takes any issuer, and a token without one", async () => {
  const plan = planOf([rule({ issuer: "" })]);
  expect(await outcome(plan, bearer(tokenA))).toBe("ok ann");
  expect(await outcome(plan, bearer(token(goodClaims({ iss: undefined }))))).toBe("ok alice");
});

test.each([
  ["svc", "svc", true],
  ["https://svc/", "svc", true],
  ["http://svc", "https://svc/", true],
  ["svc//", "svc", false],
  ["http://https://svc", "svc", false],
  ["Svc", "svc", false],
  ["svc.example", "svc", false],
  ["HTTP://svc", "svc", false],
])("audience %s for %s", async (given, listed, accepted) => {
  expect(normalizeAudience(given) === normalizeAudience(listed)).toBe(accepted);
  const plan = planOf([rule({ audiences: ["other", listed] })], true);
  const expected = accepted ? "ok alice" : "Audiences in Jwt are not allowed";
  expect(await outcome(plan, bearer(token(goodClaims({ aud: ["x", given] }))))).toBe(expected);
});

test.each([
  ["no exp", goodClaims({ aud: "svc", exp: undefined }), "Jwt has no expiry"],
  ["exp 0", goodClaims({ aud: "svc", exp: 0 }), "Jwt has no expiry"],
  ["exp 0.5", goodClaims({ aud: "svc", exp: 0.5 }), "Jwt has no expiry"],
  ["no aud", goodClaims(), "Audiences in Jwt are not allowed"],
  ["aud empty", goodClaims({ aud: [] }), "Audiences in Jwt are not allowed"],
  ["all there", goodClaims({ aud: "svc" }), "ok alice"],
])("strict: %s", async (_, claims, expected) => {
  expect(await outcome(planOf([rule({ audiences: ["svc"] })], true), bearer(token(claims)))).toBe(expected);
});

test("strict: a rule that lists no audiences refuses, and says how to mend it", async () => {
  const { authenticate } = await import("../../ext-authz/authenticate/authenticate.ts");
  const raw = token(goodClaims({ aud: "svc" }));
  const result = await authenticate(planOf([rule()], true), bearer(raw), NOW, new AbortController().signal);
  expect(result).toMatchObject({
    error: { code: "token_audience", detail: "rule lists no audiences; list them or set strict: false" },
  });
});

test("a jwk without kid fits any kid; two keys of one kid are both tried", async () => {
  const jwks = jwksOf(jwkOf(keys.otherRsa, { kid: "k1" }), jwkOf(keys.rsa, { kid: "k1" }));
  expect(await outcome(planOf([rule({ jwks })]), bearer(token()))).toBe("ok alice");
  expect(await outcome(planOf([rule({ jwks: jwksOf(jwkOf(keys.rsa)) })]), bearer(token()))).toBe("ok alice");
  const wrongAlg = jwksOf(jwkOf(keys.rsa, { kid: "k1", alg: "RS512" }));
  const unknown = "Jwks doesn't have key to match kid or alg from Jwt";
  expect(await outcome(planOf([rule({ jwks: wrongAlg })]), bearer(token()))).toBe(unknown);
});
