/** Tokens that somebody made to be let in, or to make us fall over: every one ends in the refusal that Envoy would give. */
import { createPublicKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import {
  bearer,
  encode,
  goodClaims,
  jwkOf,
  jwksOf,
  keys,
  NOW,
  outcome,
  planOf,
  rule,
  signatureOf,
  signText,
  token,
} from "./forge.ts";

const HEADER = '{"alg":"RS256","kid":"k1"}';
const CLAIMS = JSON.stringify(goodClaims());
const [HEAD = "", BODY = "", SIGNATURE = ""] = token().split(".");

const SECTIONS = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
const HEADER_BASE64 = "Jwt header is an invalid Base64url encoded";
const HEADER_JSON = "Jwt header is an invalid JSON";
const PAYLOAD_BASE64 = "Jwt payload is an invalid Base64url encoded";
const PAYLOAD_JSON = "Jwt payload is an invalid JSON";
const SIGNATURE_BASE64 = "Jwt signature is an invalid Base64url encoded";
const FAILS = "Jwt verification fails";
const NO_KEY = "Jwks doesn't have key to match kid or alg from Jwt";
const NO_ALG = "Jwt header [alg] is not supported";
const CRIT = "Jwt header [crit] is not supported";

const withClaims = (claims: object): string => token(goodClaims(claims));
const withPayload = (text: string | Uint8Array): string => signText(HEADER, text);
const withHeader = (text: string | Uint8Array): string => signText(text, CLAIMS);
const pem = createPublicKey(keys.rsa).export({ type: "spki", format: "pem" }).toString();

/** The same bytes under another last character: base64 leaves bits over at the end of a segment. */
function otherSpelling(segment: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return segment.slice(0, -1) + alphabet.charAt(alphabet.indexOf(segment.slice(-1)) ^ 1);
}

const table: readonly (readonly [name: string, raw: string, text: string])[] = [
  ["empty", "", SECTIONS],
  ["two sections", `${HEAD}.${BODY}`, SECTIONS],
  ["four sections", `${HEAD}.${BODY}.${SIGNATURE}.x`, SECTIONS],
  ["JWE, five sections", "a.b.c.d.e", SECTIONS],
  ["dots only", "...", SECTIONS],
  ["leading and trailing dot", `.${HEAD}.${BODY}.${SIGNATURE}.`, SECTIONS],
  ["no signature", `${HEAD}.${BODY}.`, SECTIONS],
  ["padded signature", `${token()}==`, SIGNATURE_BASE64],
  ["signature in base64, not base64url", `${HEAD}.${BODY}.+/${SIGNATURE.slice(2)}`, SIGNATURE_BASE64],
  ["white space inside", `${HEAD}.${BODY}.${SIGNATURE.slice(0, 9)} ${SIGNATURE.slice(9)}`, SIGNATURE_BASE64],
  ["bits left over in the signature", `${HEAD}.${BODY}.${otherSpelling(SIGNATURE)}`, SIGNATURE_BASE64],
  ["padded header", `${HEAD}=.${BODY}.${SIGNATURE}`, HEADER_BASE64],
  ["padded payload", `${HEAD}.${BODY}=.${SIGNATURE}`, PAYLOAD_BASE64],
  ["two tokens in one", `${token()}, Bearer ${token()}`, SECTIONS],
  ["truncated signature", `${HEAD}.${BODY}.${SIGNATURE.slice(0, 340)}`, FAILS],
  [
    "payload of another token",
    `${HEAD}.${encode('{"iss":"https://issuer.example","sub":"admin"}')}.${SIGNATURE}`,
    FAILS,
  ],
  ["alg none", `${encode('{"alg":"none"}')}.${BODY}.${SIGNATURE}`, NO_ALG],
  ["alg nOnE", `${encode('{"alg":"nOnE"}')}.${BODY}.${SIGNATURE}`, NO_ALG],
  ["alg rs256", withHeader('{"alg":"rs256"}'), NO_ALG],
  ["alg __proto__", withHeader('{"alg":"__proto__"}'), NO_ALG],
  ["alg missing", withHeader("{}"), "Jwt header [alg] field is required and must be a string"],
  ["alg a number", withHeader('{"alg":256}'), "Jwt header [alg] field is required and must be a string"],
  ["kid a number", withHeader('{"alg":"RS256","kid":1}'), "Jwt header [kid] field is not a string"],
  ["kid a path", token(goodClaims(), { kid: "../../etc/passwd" }), NO_KEY],
  ["kid __proto__", token(goodClaims(), { kid: "__proto__" }), NO_KEY],
  ["crit", token(goodClaims(), { crit: ["exp"] }), CRIT],
  ["crit empty", token(goodClaims(), { crit: [] }), CRIT],
  ["crit with b64", token(goodClaims(), { crit: ["b64"], b64: false }), CRIT],
  ["embedded key", token(goodClaims(), { kid: "", jwk: jwkOf(keys.otherRsa) }, keys.otherRsa), FAILS],
  [
    "jku and x5u",
    token(goodClaims(), { kid: "", jku: "http://127.0.0.1/", x5u: "http://127.0.0.1/" }, keys.otherRsa),
    FAILS,
  ],
  ["header with a duplicate", withHeader('{"alg":"none","alg":"RS256"}'), HEADER_JSON],
  ["header with a hidden duplicate", withHeader('{"alg":"none","\\u0061lg":"RS256"}'), HEADER_JSON],
  ["header a list", withHeader('["RS256"]'), HEADER_JSON],
  ["header null", withHeader("null"), HEADER_JSON],
  ["header with a BOM", withHeader(`\ufeff${HEADER}`), HEADER_JSON],
  ["payload with a duplicate", withPayload(`{"sub":"admin",${CLAIMS.slice(1)}`), PAYLOAD_JSON],
  ["payload a list", withPayload("[]"), PAYLOAD_JSON],
  ["payload a string", withPayload('"x"'), PAYLOAD_JSON],
  ["payload another token", withPayload(token()), PAYLOAD_JSON],
  ["payload with rest", withPayload(`${CLAIMS}x`), PAYLOAD_JSON],
  [
    "payload not UTF-8",
    withPayload(Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff]), Buffer.from('"}')])),
    PAYLOAD_JSON,
  ],
  ["lone surrogate", withPayload('{"x":"\\ud800"}'), PAYLOAD_JSON],
  ["NaN", withPayload('{"exp":NaN}'), PAYLOAD_JSON],
  ["1e999", withPayload('{"exp":1e999}'), PAYLOAD_JSON],
  ["deep", withPayload(`{"x":${"[".repeat(5000)}${"]".repeat(5000)}}`), PAYLOAD_JSON],
  ["too large", token(goodClaims({ x: "x".repeat(20000) })), "Jwt is too large"],
  ["iss a list", withClaims({ iss: ["https://issuer.example"] }), "Jwt payload [iss] field is not a string"],
  ["iss with a slash more", withClaims({ iss: "https://issuer.example/" }), "Jwt issuer is not configured"],
  ["iss in capitals", withClaims({ iss: "HTTPS://issuer.example" }), "Jwt issuer is not configured"],
  ["iss missing", withClaims({ iss: undefined }), "Jwt issuer is not configured"],
  ["sub null", withClaims({ sub: null }), "Jwt payload [sub] field is not a string"],
  ["jti a number", withClaims({ jti: 1 }), "Jwt payload [jti] field is not a string"],
  ["exp a string", withClaims({ exp: "4102444800" }), "Jwt payload [exp] field is not an integer"],
  ["exp true", withClaims({ exp: true }), "Jwt payload [exp] field is not an integer"],
  ["exp null", withClaims({ exp: null }), "Jwt payload [exp] field is not an integer"],
  ["exp -1", withClaims({ exp: -1 }), "Jwt payload [exp] field is not a positive 64 bit integer"],
  ["exp 1e30", withClaims({ exp: 1e30 }), "Jwt payload [exp] field is not a positive 64 bit integer"],
  ["nbf -0.5", withClaims({ nbf: -0.5 }), "Jwt payload [nbf] field is not a positive 64 bit integer"],
  ["iat a list", withClaims({ iat: [1] }), "Jwt payload [iat] field is not an integer"],
  ["aud an object", withClaims({ aud: {} }), "Jwt payload [aud] field is not a string or string list"],
  ["aud null", withClaims({ aud: null }), "Jwt payload [aud] field is not a string or string list"],
  ["exp 61 s ago", withClaims({ exp: NOW - 61 }), "Jwt is expired"],
  ["exp 1.9", withClaims({ exp: 1.9 }), "Jwt is expired"],
  ["nbf 61 s ahead", withClaims({ nbf: NOW + 61 }), "Jwt not yet valid"],
  ["HS256 with the PEM as secret", token(goodClaims(), { alg: "HS256" }, pem), FAILS],
  ["HS256 with the JWK as secret", token(goodClaims(), { alg: "HS256" }, JSON.stringify(jwkOf(keys.rsa))), FAILS],
  ["ES256 against an RSA key", token(goodClaims(), { alg: "ES256" }, keys.p256), FAILS],
  ["EdDSA against an RSA key", token(goodClaims(), { alg: "EdDSA" }, keys.ed25519), FAILS],
];

test.each(table)("%s", async (_, raw, text) => {
  expect(await outcome(planOf([rule()]), bearer(raw))).toBe(text);
});

test.each([
  ["exp 60 s ago", withClaims({ exp: NOW - 60 })],
  ["nbf 60 s ahead", withClaims({ nbf: NOW + 60 })],
  ["exp 0", withClaims({ exp: 0 })],
  ["no exp", withClaims({ exp: undefined })],
  ["claims with names of the prototype", withPayload(`{"__proto__":{"sub":"x"},"constructor":1,${CLAIMS.slice(1)}`)],
  ["kid empty", token(goodClaims(), { kid: "" })],
  ["PS256 with the same key", token(goodClaims(), { alg: "PS256" })],
])("accepted without strict: %s", async (_, raw) => {
  expect(await outcome(planOf([rule()]), bearer(raw))).toBe("ok alice");
});

describe("signatures of the right form for the wrong thing", () => {
  const algorithms = {
    ES256: keys.p256,
    ES384: keys.p384,
    ES512: keys.p521,
    EdDSA: keys.ed25519,
    RS512: keys.rsa,
  } as const;
  const rows = Object.entries(algorithms).map(([alg, key]) => [alg, key] as const);

  test.each(rows)("%s", async (alg, key) => {
    const plan = planOf([rule({ jwks: jwksOf(jwkOf(key)) })]);
    const input = token(goodClaims(), { alg }, key).split(".", 2).join(".");
    const good = signatureOf(alg, input, key);
    expect(await outcome(plan, bearer(`${input}.${encode(good)}`))).toBe("ok alice");
    const half = good.length / 2;
    const bad: readonly Buffer[] = [
      Buffer.alloc(good.length),
      Buffer.alloc(good.length, 0xff),
      good.subarray(1),
      Buffer.concat([good, Buffer.alloc(1)]),
      Buffer.concat([Buffer.alloc(1), good]),
      Buffer.concat([good.subarray(half), good.subarray(0, half)]),
      Buffer.concat([good.subarray(0, half), Buffer.alloc(half)]),
      Buffer.concat([
        Buffer.from([0x30, good.length + 4, 0x02, half]),
        good.subarray(0, half),
        Buffer.from([0x02, half]),
        good.subarray(half),
      ]),
    ];
    for (const signature of bad) {
      expect(await outcome(plan, bearer(`${input}.${encode(signature)}`))).toBe(FAILS);
    }
  });

  test("Ed25519 with S + L is refused", async () => {
    const plan = planOf([rule({ jwks: jwksOf(jwkOf(keys.ed25519)) })]);
    const input = token(goodClaims(), { alg: "EdDSA" }, keys.ed25519).split(".", 2).join(".");
    const signature = signatureOf("EdDSA", input, keys.ed25519);
    let s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`);
    s += 2n ** 252n + 27742317777372353535851937790883648493n;
    const bigger = Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse();
    const raw = `${input}.${encode(Buffer.concat([signature.subarray(0, 32), bigger]))}`;
    expect(await outcome(plan, bearer(raw))).toBe(FAILS);
  });

  test.each([
    ["ES256 signed with P-384", "ES256", keys.p384],
    ["ES384 signed with P-256", "ES384", keys.p256],
    ["ES512 signed with P-256", "ES512", keys.p256],
  ])("%s", async (_, alg, key) => {
    expect(await outcome(planOf([rule({ jwks: jwksOf(jwkOf(key)) })]), bearer(token(goodClaims(), { alg }, key)))).toBe(
      FAILS,
    );
  });
});
