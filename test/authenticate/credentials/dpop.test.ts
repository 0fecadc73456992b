/** DPoP (RFC 9449): the published example, every way in which a proof is not for this request, and replay. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkProof } from "../../../ext-authz/authenticate/credentials/dpop-proof.ts";
import { keyThumbprint } from "../../../ext-authz/authenticate/credentials/key-thumbprint.ts";
import { isSameTarget } from "../../../ext-authz/authenticate/credentials/target-uri.ts";
import { goodClaims, ISSUER, jwkOf, keys, LIMITS, NOW, request, token } from "../forge.ts";
import { jwtRule, type ProofChanges, proofFor, stageOf, thumbprintOf, vectors } from "./stage.ts";

const rules = { limits: LIMITS, ageSeconds: 60, skewSeconds: 60 };
const dpop = (spec: object = {}) => ["ProofOfPossession", { method: "dpop", ...spec }] as const;
const bound = token(goodClaims({ aud: "svc", cnf: { jkt: thumbprintOf(keys.p256) } }));
const free = token(goodClaims({ aud: "svc" }));
const OK = `ok ${ISSUER}/alice`;
const with_ = (proof: string | readonly string[], authorization = `DPoP ${bound}`) =>
  request({ authorization, dpop: proof });

describe.each(vectors.dpop)("$source", (vector) => {
  const check = (more: object, lines = [vector.proof], now = vector.issuedAt) =>
    checkProof(lines, { ...vector, ...more }, rules, now);

  test("holds", () => {
    expect(check({})).toMatchObject({ ok: true, value: { thumbprint: vector.thumbprint, id: "e1j3V_bKic8-LAEB" } });
  });

  test.each([
    ["another method", { method: "POST" }],
    ["another path", { uri: "https://resource.example.org/other" }],
    ["another host", { uri: "https://resource.example.com/protectedresource" }],
    ["another scheme", { uri: "http://resource.example.org/protectedresource" }],
    ["another token", { token: `${vector.token}x` }],
    ["another key", { thumbprint: thumbprintOf(keys.p256) }],
  ])("%s", (_, more) => expect(check(more)).toMatchObject({ ok: false, error: { code: "token_proof_invalid" } }));

  test.each([
    [-121, false],
    [-60, true],
    [120, true],
    [121, false],
  ])("%i seconds after it was made: %s", (seconds, holds) => {
    expect(check({}, [vector.proof], vector.issuedAt + seconds).ok).toBe(holds);
  });

  test("one changed bit of any part", () => {
    for (let at = 0; at < vector.proof.length; at += 3) {
      const changed = vector.proof[at] === "A" ? "B" : "A";
      const forged = vector.proof.slice(0, at) + changed + vector.proof.slice(at + 1);
      if (forged !== vector.proof) expect(check({}, [forged]).ok, `at ${at}`).toBe(false);
    }
  });
});

describe("with a ProofOfPossession", () => {
  const stage = stageOf([jwtRule, dpop()]);

  test.each<[string, ProofChanges]>([
    ["no typ", { header: { typ: undefined } }],
    ["typ JWT", { header: { typ: "JWT" } }],
    ["alg none", { header: { alg: "none" } }],
    ["alg HS256", { header: { alg: "HS256" } }],
    ["alg of another key type", { header: { alg: "RS256" } }],
    ["crit", { header: { crit: ["x"] } }],
    ["no jwk", { jwk: undefined, header: { jwk: undefined } }],
    ["jwk is text", { jwk: "x" }],
    ["private key in jwk", { jwk: keys.p256.export({ format: "jwk" }) }],
    ["secret in jwk", { jwk: { kty: "oct", k: "c2VjcmV0" } }],
    ["d is null", { jwk: { ...jwkOf(keys.p256), d: null } }],
    ["another key", { key: keys.ed25519, header: { alg: "EdDSA" } }],
    ["signed by another key than jwk says", { key: keys.rsa, jwk: jwkOf(keys.p256) }],
    ["another method", { claims: { htm: "POST" } }],
    ["method in another case", { claims: { htm: "get" } }],
    ["another path", { claims: { htu: "http://svc.example/other" } }],
    ["another host", { claims: { htu: "http://evil.example/" } }],
    ["another scheme", { claims: { htu: "https://svc.example/" } }],
    ["another port", { claims: { htu: "http://svc.example:81/" } }],
    ["user in htu", { claims: { htu: "http://a@svc.example/" } }],
    ["relative htu", { claims: { htu: "/" } }],
    ["htu is a list", { claims: { htu: ["http://svc.example/"] } }],
    ["no htu", { claims: { htu: undefined } }],
    ["no htm", { claims: { htm: undefined } }],
    ["no jti", { claims: { jti: undefined } }],
    ["empty jti", { claims: { jti: "" } }],
    ["jti is a number", { claims: { jti: 1 } }],
    ["no iat", { claims: { iat: undefined } }],
    ["iat is text", { claims: { iat: String(NOW) } }],
    ["old", { claims: { iat: NOW - 121 } }],
    ["from the future", { claims: { iat: NOW + 61 } }],
    ["no ath", { claims: { ath: undefined } }],
    ["ath of another token", { claims: { ath: "x" } }],
  ])("refused: %s", async (_, changes) => {
    expect(await stage.line(with_(proofFor(bound, changes)))).toBe("token_proof_invalid");
  });

  test.each<[string, ProofChanges]>([
    ["as it should be", {}],
    ["query and fragment in htu", { claims: { htu: "http://svc.example/?a=b#c" } }],
    ["default port, upper case host", { claims: { htu: "HTTP://SVC.example:80" } }],
    ["fraction in iat", { claims: { iat: NOW - 0.5 } }],
    ["members that nobody knows", { claims: { more: 1 }, header: { more: 1 } }],
  ])("accepted: %s", async (_, changes) => {
    expect(await stage.line(with_(proofFor(bound, changes)))).toBe(OK);
  });

  test("several proofs, joined proofs, no proof", async () => {
    const [one, two] = [proofFor(bound), proofFor(bound)];
    expect(await stage.line(with_([one, two]))).toBe("token_proof_invalid");
    expect(await stage.line(with_(`${one},${two}`))).toBe("token_proof_invalid");
    expect(await stage.line(with_("x".repeat(LIMITS.tokenLength + 1)))).toBe("token_proof_invalid");
    expect(await stage.line(request({ authorization: `DPoP ${bound}` }))).toBe("token_proof_missing");
  });

  test("a bound token is no bearer token, not even with its proof", async () => {
    expect(await stage.line(with_(proofFor(bound), `Bearer ${bound}`))).toBe("token_proof_missing");
    expect(await stage.line(request({}, { query: `access_token=${bound}` }))).toBe("token_proof_missing");
  });

  test("a free token: as bearer fine, as DPoP not", async () => {
    expect(await stage.line(request({ authorization: `Bearer ${free}` }))).toBe(OK);
    expect(await stage.line(with_(proofFor(free), `DPoP ${free}`))).toBe("token_unbound");
    const required = stageOf([jwtRule, dpop({ required: true })]);
    expect(await required.line(request({ authorization: `Bearer ${free}` }))).toBe("token_unbound");
    expect(await required.line(request())).toBe("none");
  });

  test("two tokens: whose proof it is cannot be said", async () => {
    const both = request({ authorization: `DPoP ${bound}`, dpop: proofFor(bound) }, { query: `access_token=${free}` });
    expect(await stage.line(both)).toBe("token_conflict");
  });

  test("each proof once, and again only when it is too old anyway", async () => {
    const proof = proofFor(bound);
    expect(await stage.line(with_(proof))).toBe(OK);
    expect(await stage.line(with_(proof))).toBe("token_proof_replayed");
    for (const seconds of [60, 119, 120])
      expect(await stage.line(with_(proof), NOW + seconds)).toBe("token_proof_replayed");
    expect(await stage.line(with_(proof), NOW + 121)).toBe("token_proof_invalid");
  });

  test("a refused proof is not used up; the same jti of two resources is one use", async () => {
    const proof = proofFor(bound);
    const post = request({ authorization: `DPoP ${bound}`, dpop: proof }, { method: "POST" });
    expect(await stage.line(post)).toBe("token_proof_invalid");
    expect(await stage.line(with_(proof))).toBe(OK);
    const twice = stageOf([jwtRule, dpop(), dpop()]);
    expect(await twice.line(with_(proofFor(bound)))).toBe(OK);
  });

  test("what the gateway saw may be said by the operator", async () => {
    const behind = stageOf([jwtRule, dpop({ htu: { scheme: "https", host: "api.example.com" } })]);
    expect(await behind.line(with_(proofFor(bound, { claims: { htu: "https://api.example.com/" } })))).toBe(OK);
    expect(await behind.line(with_(proofFor(bound)))).toBe("token_proof_invalid");
  });

  test("shadow: refuses nothing, says what it would have", async () => {
    const shadow = stageOf([jwtRule, dpop({ required: true, mode: "shadow" })]);
    const result = await shadow.result(request({ authorization: `Bearer ${free}` }));
    expect(result).toMatchObject({ ok: true, value: { shadow: [{ policy: { name: "r1" }, action: "DENY" }] } });
  });
});

test("without a ProofOfPossession: strict refuses a DPoP-bound token as bearer, Istio's leniency takes it", async () => {
  expect(await stageOf([jwtRule]).line(request({ authorization: `Bearer ${bound}` }))).toBe("token_proof_missing");
  expect(await stageOf([jwtRule], { strict: false }).line(request({ authorization: `Bearer ${bound}` }))).toBe(OK);
  expect(await stageOf([jwtRule]).line(with_(proofFor(bound)))).toBe("none");
});

test.each([
  ["p256", "ES256"],
  ["p384", "ES384"],
  ["p521", "ES512"],
  ["rsa", "RS256"],
  ["rsa", "PS384"],
  ["ed25519", "EdDSA"],
] as const)("%s with %s", async (name, alg) => {
  const key = keys[name];
  expect(keyThumbprint(key)).toBe(thumbprintOf(key));
  const raw = token(goodClaims({ aud: "svc", cnf: { jkt: thumbprintOf(key) } }));
  const proof = proofFor(raw, { key, header: { alg } });
  expect(await stageOf([jwtRule, dpop()]).line(with_(proof, `DPoP ${raw}`))).toBe(OK);
});

test.each([
  ["https://a.example/x", "https://a.example/x", true],
  ["https://a.example", "https://a.example/", true],
  ["https://a.example:443/x", "https://a.example/x", true],
  ["https://a.example/%7ex", "https://a.example/~x", true],
  ["https://a.example/%c3%a9", "https://a.example/%C3%A9", true],
  ["https://a.example/a/../x", "https://a.example/x", true],
  ["https://a.example/x/", "https://a.example/x", false],
  ["https://a.example/a%2Fx", "https://a.example/a/x", false],
  ["https://a.example/X", "https://a.example/x", false],
  ["https://a.example\\x", "https://a.example/x", false],
  ["https://a.example/\tx", "https://a.example/x", false],
  [" https://a.example/x", "https://a.example/x", false],
  ["https:a.example/x", "https://a.example/x", false],
  ["https:///a.example/x", "https://a.example/x", false],
  ["https://a@a.example/x", "https://a.example/x", false],
  ["ftp://a.example/x", "ftp://a.example/x", false],
  ["", "", false],
])("htu %s for %s: %s", (htu, seen, same) => expect(isSameTarget(htu, seen)).toBe(same));

test("no text at all is a proof", () => {
  const expected = { method: "GET", uri: "http://svc.example/", token: bound, thumbprint: thumbprintOf(keys.p256) };
  const parts = proofFor(bound).split(".");
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...parts), fc.string()), { maxLength: 4 }), (pieces) => {
      fc.pre(pieces.join(".") !== parts.join("."));
      expect(checkProof([pieces.join(".")], expected, rules, NOW).ok).toBe(false);
    }),
  );
});
