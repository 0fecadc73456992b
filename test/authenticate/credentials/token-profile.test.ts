/** RFC 9068: only access tokens, where a TokenProfile says so. */
import { expect, test } from "vitest";
import { bearer, goodClaims, ISSUER, NOW, token } from "../forge.ts";
import { jwtRule, stageOf } from "./stage.ts";

const profile = (spec: object = {}) => ["TokenProfile", { type: "at+jwt", ...spec }] as const;
const whole = { aud: "svc", client_id: "app", jti: "1", iat: NOW };
const stage = stageOf([jwtRule, profile()]);
const OK = `ok ${ISSUER}/alice`;

test.each<[string, object, object, string]>([
  ["an access token", whole, { typ: "at+jwt" }, OK],
  ["the whole media type, in any case", whole, { typ: "Application/AT+JWT" }, OK],
  ["no typ", whole, {}, "token_type"],
  ["an ID token", whole, { typ: "JWT" }, "token_type"],
  ["a proof", whole, { typ: "dpop+jwt" }, "token_type"],
  ["typ is no text", whole, { typ: ["at+jwt"] }, "token_type"],
  ["no client_id", { ...whole, client_id: undefined }, { typ: "at+jwt" }, "token_type"],
  ["no jti", { ...whole, jti: undefined }, { typ: "at+jwt" }, "token_type"],
  ["empty jti", { ...whole, jti: "" }, { typ: "at+jwt" }, "token_type"],
  ["no iat", { ...whole, iat: undefined }, { typ: "at+jwt" }, "token_type"],
  ["no sub", { ...whole, sub: undefined }, { typ: "at+jwt" }, "token_type"],
])("%s", async (_, claims, header, line) => {
  expect(await stage.line(bearer(token(goodClaims(claims), header)))).toBe(line);
});

test("only for the issuers that it names, and in shadow for none", async () => {
  const raw = token(goodClaims({ aud: "svc" }));
  expect(await stageOf([jwtRule, profile({ issuers: [ISSUER] })]).line(bearer(raw))).toBe("token_type");
  expect(await stageOf([jwtRule, profile({ issuers: ["https://b.example"] })]).line(bearer(raw))).toBe(OK);
  const result = await stageOf([jwtRule, profile({ mode: "shadow" })]).result(bearer(raw));
  expect(result).toMatchObject({ ok: true, value: { shadow: [{ policy: { kind: "TokenProfile" }, action: "DENY" }] } });
});
