import { describe, expect, test } from "vitest";
import { decodeJwt, decodeVerifyJwt } from "../../../ext-authz/authorize/rego/hmac-jwt.ts";
import type { JsonObject } from "../../../ext-authz/model.ts";
import { jwt, SECRET } from "./modules.ts";

const NOW = 1_700_000_000;
const valid = (token: unknown, constraints: object = {}) =>
  decodeVerifyJwt(token, { secret: SECRET, ...constraints }, NOW * 1e9)[0];

const cases: readonly (readonly [name: string, token: string, constraints: object, valid: boolean])[] = [
  ["a good token", jwt({ sub: "a" }), {}, true],
  ["HS384", jwt({}, { alg: "HS384" }), {}, true],
  ["HS512", jwt({}, { alg: "HS512" }), {}, true],
  ["the algorithm that is wanted", jwt({}), { alg: "HS256" }, true],
  ["another algorithm than is wanted", jwt({}, { alg: "HS512" }), { alg: "HS256" }, false],
  ["another secret", jwt({}, { secret: "other" }), {}, false],
  ["alg none", jwt({}, { header: { alg: "none" } }), {}, false],
  ["alg RS256", jwt({}, { header: { alg: "RS256" } }), {}, false],
  ["crit", jwt({}, { header: { crit: ["x"] } }), {}, false],
  ["before its end", jwt({ exp: NOW + 1 }), {}, true],
  ["at its end", jwt({ exp: NOW }), {}, false],
  ["an end that is no number", jwt({ exp: "later" }), {}, false],
  ["at its begin", jwt({ nbf: NOW }), {}, true],
  ["before its begin", jwt({ nbf: NOW + 1 }), {}, false],
  ["at a time of the policy's choice", jwt({ exp: NOW }), { time: (NOW - 1) * 1e9 }, true],
  ["the issuer that is wanted", jwt({ iss: "i" }), { iss: "i" }, true],
  ["another issuer", jwt({ iss: "j" }), { iss: "i" }, false],
  ["no issuer", jwt({}), { iss: "i" }, false],
  ["the audience that is wanted", jwt({ aud: ["a", "b"] }), { aud: "b" }, true],
  ["an audience that nobody asked for", jwt({ aud: "a" }), {}, false],
  ["no audience", jwt({}), { aud: "a" }, false],
  ["no signature", `${jwt({}).split(".").slice(0, 2).join(".")}.`, {}, false],
  ["two parts", "e30.e30", {}, false],
  ["four parts", `${jwt({})}.e30`, {}, false],
  ["padding", `${jwt({})}=`, {}, false],
  ["no base64", `${jwt({}).slice(0, -1)}!`, {}, false],
  ["a list for a payload", `e30.${Buffer.from("[]").toString("base64url")}.e30`, {}, false],
  ["too long", jwt({ a: "x".repeat(20_000) }), {}, false],
  ["empty", "", {}, false],
];

describe("io.jwt.decode_verify with a secret", () => {
  test.each(cases)("%s", (_, token, constraints, wanted) => expect(valid(token, constraints)).toBe(wanted));

  test("an invalid token shows nothing of itself", () => {
    expect(decodeVerifyJwt(jwt({ a: 1 }, { secret: "b" }), { secret: SECRET }, 0)).toEqual([false, {}, {}]);
  });

  test.each<readonly [name: string, constraints: JsonObject | string]>([
    ["a certificate", { cert: "-----BEGIN" }],
    ["no secret", {}],
    ["an empty secret", { secret: "" }],
    ["an unknown constraint", { secret: SECRET, audience: "a" }],
    ["a time that is no number", { secret: SECRET, time: "now" }],
    ["no constraints", ""],
  ])("%s: an error, so that the policy fails closed", (_, constraints) => {
    expect(() => decodeVerifyJwt(jwt({}), constraints, 0)).toThrow(/io\.jwt\.decode_verify/);
  });
});

test("io.jwt.decode gives header, payload and signature in hex; anything else is an error", () => {
  const [header, payload, signature] = decodeJwt(jwt({ sub: "a" }));
  expect([header, payload, signature.length]).toEqual([{ alg: "HS256" }, { sub: "a" }, 64]);
  expect(() => decodeJwt("a.b")).toThrow(/no JWT/);
  expect(() => decodeJwt(7)).toThrow(/no JWT/);
});
