/** Which keys are taken from a JWKS, and which are left out however well they would verify. */
import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { expect, test } from "vitest";
import { isSmallOrderPoint } from "../../ext-authz/authenticate/ed25519-point.ts";
import { parseKeySet } from "../../ext-authz/authenticate/key-set.ts";
import { bearer, goodClaims, jwkOf, jwksOf, keys, outcome, planOf, rule, token } from "./forge.ts";

const short = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
const e17 = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 17 }).privateKey;
const e3 = generateKeyPairSync("rsa", { modulusLength: 2048, publicExponent: 3 }).privateKey;
const rsa = jwkOf(keys.rsa);
const n = String(Object.entries(rsa).find(([name]) => name === "n")?.[1]);
const secret = { kty: "oct", k: Buffer.alloc(32, 7).toString("base64url") };

const table: readonly (readonly [name: string, jwks: string, strict: number, lenient: number])[] = [
  ["RSA", jwksOf(rsa), 1, 1],
  ["RSA with e = 3", jwksOf(jwkOf(e3)), 1, 1],
  ["RSA with e = 17", jwksOf(jwkOf(e17)), 0, 0],
  ["RSA of 1024 bits", jwksOf(jwkOf(short)), 0, 1],
  ["n padded", jwksOf({ ...rsa, n: `${n}=` }), 0, 0],
  ["n with a space", jwksOf({ ...rsa, n: ` ${n}` }), 0, 0],
  ["n missing", jwksOf({ kty: "RSA", e: "AQAB" }), 0, 0],
  ["alg of another type", jwksOf({ ...rsa, alg: "ES256" }), 0, 0],
  ["alg for encryption", jwksOf({ ...rsa, alg: "RSA-OAEP" }), 0, 0],
  ["use enc", jwksOf({ ...rsa, use: "enc" }), 0, 1],
  ["kid a number", jwksOf({ ...rsa, kid: 1 }), 0, 0],
  ["kty __proto__", jwksOf({ kty: "__proto__" }), 0, 0],
  ["P-256", jwksOf(jwkOf(keys.p256)), 1, 1],
  ["P-256 said to be P-384", jwksOf(jwkOf(keys.p256, { crv: "P-384" })), 0, 0],
  ["P-256 for ES384", jwksOf(jwkOf(keys.p256, { alg: "ES384" })), 0, 0],
  ["not on the curve", jwksOf(jwkOf(keys.p256, { y: Buffer.alloc(32, 1).toString("base64url") })), 0, 0],
  ["secp256k1", jwksOf(jwkOf(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey)), 0, 0],
  ["Ed25519", jwksOf(jwkOf(keys.ed25519)), 1, 1],
  ["X25519", jwksOf(jwkOf(generateKeyPairSync("x25519").privateKey)), 0, 0],
  ["a private key, used as the public one", jwksOf({ ...keys.p256.export({ format: "jwk" }) }), 1, 1],
  ["a secret", jwksOf(secret), 1, 1],
  ["a short secret", jwksOf({ kty: "oct", k: "c2VjcmV0" }), 0, 1],
  ["a secret beside a public key: only the public key", jwksOf(secret, rsa), 1, 1],
  ["one bad key beside a good one", jwksOf({ kty: "RSA" }, rsa), 1, 1],
  ["members that are no objects", '{"keys":[1,null,"x",[]]}', 0, 0],
  ["more keys than are ever tried", jwksOf(...Array<object>(200).fill(jwkOf(keys.ed25519))), 128, 128],
];

test.each(table)("%s", (_, text, strict, lenient) => {
  const counts = [true, false].map((isStrict) => {
    const parsed = parseKeySet(text, 32, { strict: isStrict, allowSecrets: true });
    return parsed.ok ? parsed.value.keys.length : parsed.error;
  });
  expect(counts).toEqual([strict, lenient]);
});

test.each([
  ["nothing", ""],
  ["HTML", "<html></html>"],
  ["a list", "[]"],
  ["no keys member", "{}"],
  ["keys no list", '{"keys":{}}'],
  ["a duplicate member", '{"keys":[],"keys":[]}'],
  ["deep", `{"keys":[${"[".repeat(100)}${"]".repeat(100)}]}`],
])("no JWKS: %s", (_, text) => {
  expect(parseKeySet(text, 32, { strict: false, allowSecrets: true })).toEqual({ ok: false, error: "not a JWK set" });
});

test("a secret that came over the network is no key", () => {
  const parsed = parseKeySet(jwksOf(secret), 32, { strict: false, allowSecrets: false });
  expect(parsed.ok && parsed.value.keys).toEqual([]);
});

test("HS256 verifies with an inline secret and with nothing else", async () => {
  const raw = token(goodClaims(), { alg: "HS256" }, Buffer.alloc(32, 7).toString("latin1"));
  expect(await outcome(planOf([rule({ jwks: jwksOf(secret) })]), bearer(raw))).toBe("ok alice");
  expect(await outcome(planOf([rule({ jwks: jwksOf(secret, rsa) })]), bearer(raw))).toBe("Jwt verification fails");
  // A cut MAC must not be compared over its own length, nor end in an exception.
  const cut = `${raw.split(".", 2).join(".")}.${raw.split(".")[2]?.slice(0, 20)}`;
  expect(await outcome(planOf([rule({ jwks: jwksOf(secret) })]), bearer(cut))).toBe("Jwt verification fails");
});

test("a token without kid finds its key among others, up to a bound on the work", async () => {
  const among = (others: number): string =>
    jwksOf(...Array<object>(others).fill(jwkOf(keys.otherRsa)), jwkOf(keys.p256), rsa);
  const raw = token(goodClaims(), { kid: "" });
  expect(await outcome(planOf([rule({ jwks: among(31) })]), bearer(raw))).toBe("ok alice");
  expect(await outcome(planOf([rule({ jwks: among(32) })]), bearer(raw))).toBe("Jwt verification fails");
});

test("a JWKS without a usable key refuses every token", async () => {
  const plan = planOf([rule({ jwks: '{"keys":[]}' })]);
  expect(await outcome(plan, bearer(token()))).toBe("Jwks doesn't have any valid public key");
});

const SMALL_ORDER = [
  "0100000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

test.each(SMALL_ORDER)("Ed25519 point %s is no key", (hex) => {
  const x = Buffer.from(hex, "hex").toString("base64url");
  const parsed = parseKeySet(jwksOf({ kty: "OKP", crv: "Ed25519", x }), 32, { strict: false, allowSecrets: false });
  expect(parsed.ok && parsed.value.keys).toEqual([]);
});

test("why it matters: the platform accepts a signature that nobody made under a key of small order", () => {
  const identity = Buffer.from(SMALL_ORDER[0] ?? "", "hex");
  const jwk = { kty: "OKP", crv: "Ed25519", x: identity.toString("base64url") };
  const key = createPublicKey({ key: jwk, format: "jwk" });
  expect(verify(null, Buffer.from("anything"), key, Buffer.concat([identity, Buffer.alloc(32)]))).toBe(true);
});

test("honest points pass", () => {
  for (let count = 0; count < 50; count++) {
    const x = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x ?? "";
    expect(isSmallOrderPoint(Buffer.from(x, "base64url"))).toBe(false);
  }
});
