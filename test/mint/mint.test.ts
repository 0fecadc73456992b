/** Internal tokens: who gets one, what is in it, and that others can verify it (jose, and our own stage). */
import { generateKeyPairSync } from "node:crypto";
import fc from "fast-check";
import { calculateJwkThumbprint, importJWK, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { mintAll } from "../../ext-authz/mint/mint.ts";
import { compileMint } from "../../ext-authz/mint/plan.ts";
import { generateSigningKey, loadSigningKey, publicJwks } from "../../ext-authz/mint/signing-key.ts";
import type { Authentication, JsonObject } from "../../ext-authz/model.ts";
import type { InternalToken } from "../../ext-authz/resources/resource.ts";
import { bearer, NOW, outcome, planOf, rule } from "../authenticate/forge.ts";

const key = await generateSigningKey();
const newId = (): string => "id-1";

function internalToken(more: Partial<InternalToken> = {}): InternalToken {
  return {
    kind: "InternalToken",
    namespace: "foo",
    name: "inner",
    target: { matchLabels: new Map(), targetRefs: [] },
    shadow: false,
    file: "test.yaml",
    line: 1,
    audience: "orders",
    lifetimeSeconds: 60,
    header: "Txn-Token",
    claims: [],
    constants: {},
    ...more,
  };
}

function authentication(claims: JsonObject = {}, expiresAt: number | undefined = NOW + 600): Authentication {
  const token = { raw: "secret", issuer: "https://idp", subject: "alice", expiresAt, claims };
  return { token, payload: claims, changes: { remove: [], set: [], removeQueryParameters: [] } };
}

const nobody: Authentication = { ...authentication(), token: undefined, payload: undefined };

async function minted(token: InternalToken, found: Authentication, now = NOW) {
  const result = mintAll([compileMint(token, "https://inner", key)], found, now, newId);
  if (!result.ok) throw new Error(result.error);
  const [name, raw = ""] = result.value.set[0] ?? [];
  const verified = await jwtVerify(raw, await importJWK(key.publicJwk, "ES256"), {
    currentDate: new Date(now * 1000 - 1000),
  });
  return { name, raw, header: verified.protectedHeader, claims: verified.payload };
}

test("the claims of a minted token", async () => {
  const { name, header, claims } = await minted(internalToken(), authentication({ azp: "app" }), NOW + 0.7);
  expect(name).toBe("txn-token");
  expect(header).toEqual({ alg: "ES256", typ: "JWT", kid: key.kid });
  expect(claims).toEqual({ iss: "https://inner", sub: "alice", aud: "orders", iat: NOW, exp: NOW + 60, jti: "id-1" });
});

test.each([
  ["shorter than the incoming token", NOW + 600, NOW + 60],
  ["cut at the incoming token's end", NOW + 5, NOW + 5],
  ["an incoming token that never ends", undefined, NOW + 60],
])("lifetime: %s", async (_, expiresAt, expected) => {
  const found = authentication();
  const token = found.token === undefined ? undefined : { ...found.token, expiresAt };
  expect((await minted(internalToken(), { ...found, token })).claims.exp).toBe(expected);
});

test("nobody verified: nothing is minted, and a client's own header goes", () => {
  const plans = [internalToken(), internalToken({ header: "x-second" })].map((token) => compileMint(token, "i", key));
  const expected = { remove: ["txn-token", "x-second"], set: [], removeQueryParameters: [] };
  expect(mintAll(plans, nobody, NOW, newId)).toEqual({ ok: true, value: expected });
});

test("mapped claims, constants, the actor chain", async () => {
  const incoming = {
    act: { sub: "gateway", act: { sub: "app" } },
    realm: { roles: ["a"] },
    "dotted.name": 1,
    azp: "app",
  };
  const claims = [
    { claim: "roles", from: "realm.roles" },
    { claim: "client_id", from: "azp" },
    { claim: "none", from: "dotted.name" },
    { claim: "ctor", from: "constructor" },
    { claim: "__proto__", from: "azp" },
  ];
  const result = (await minted(internalToken({ claims, constants: { zone: "inner" } }), authentication(incoming)))
    .claims;
  expect(result).toMatchObject({ act: incoming.act, roles: ["a"], client_id: "app", zone: "inner" });
  expect(Object.hasOwn(result, "none") || Object.hasOwn(result, "ctor")).toBe(false);
});

test("an actor that is no object, and a token without subject, are not passed on", async () => {
  const found = authentication({ act: "gateway" });
  const token = found.token === undefined ? undefined : { ...found.token, subject: undefined };
  const { claims } = await minted(internalToken(), { ...found, token });
  expect(Object.keys(claims).sort()).toEqual(["aud", "exp", "iat", "iss", "jti"]);
});

test.each(["iss", "aud", "exp", "nbf", "iat", "jti"])("%s cannot be mapped or constant", (name) => {
  expect(() => compileMint(internalToken({ claims: [{ claim: name, from: "x" }] }), "i", key)).toThrow(name);
  expect(() => compileMint(internalToken({ constants: { [name]: "x" } }), "i", key)).toThrow(name);
});

test("our own stage accepts the token with the published JWKS, also strictly", async () => {
  const { raw } = await minted(internalToken(), authentication());
  const inner = rule({ issuer: "https://inner", audiences: ["orders"], jwks: JSON.stringify(publicJwks([key])) });
  expect(await outcome(planOf([inner], true), bearer(raw))).toBe("ok alice");
});

test("whatever was in the incoming token, what the mint says stands", async () => {
  const claims = [{ claim: "all", from: "x" }];
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      const found = authentication({
        x: JSON.parse(JSON.stringify(value)),
        iss: "evil",
        aud: "evil",
        exp: 1,
        jti: "evil",
      });
      const { claims: result } = await minted(internalToken({ claims }), found);
      expect(result).toMatchObject({ iss: "https://inner", aud: "orders", exp: NOW + 60, jti: "id-1" });
    }),
    { numRuns: 50 },
  );
});

describe("the signing key", () => {
  test("is named by its thumbprint and published without its secret", async () => {
    const jwks = publicJwks([key]);
    expect(key.kid).toBe(await calculateJwkThumbprint(key.publicJwk));
    expect(Object.keys(jwks.keys[0] ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
  });

  test("is read from PKCS#8", async () => {
    const pem = key.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    expect(await loadSigningKey(pem)).toMatchObject({ ok: true, value: { kid: key.kid } });
  });

  test.each([
    ["nothing", ""],
    ["text", "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----"],
    [
      "a public key",
      generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ type: "spki", format: "pem" }).toString(),
    ],
    [
      "P-384",
      generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    ],
    ["Ed25519", generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()],
  ])("%s is no signing key, and the error holds nothing of it", async (_, pem) => {
    const result = await loadSigningKey(pem);
    expect(result.ok ? "" : result.error).toMatch(/^not a (PKCS#8 private key in PEM|P-256 key, which ES256 needs)$/);
  });
});
