/**
 * One DPoP proof against the request and token that it came with: the checks of RFC 9449 §4.3, those that cost nothing
 * first. In: the `dpop` lines, what they must fit. Out: the proof that holds, still to be used once, or why it does not.
 * Pure.
 */
import { createHash } from "node:crypto";
import type { Limits } from "../../config/settings.ts";
import { err, ok, type Result } from "../../result.ts";
import { decodeBase64url } from "../base64url.ts";
import { readJwk } from "../jwk.ts";
import { isJsonObject, member, parseStrictObject } from "../strict-json.ts";
import { parseToken, type Token } from "../token.ts";
import { verifySignature } from "../verify-signature.ts";
import type { CredentialRefusal, Proof } from "./credential.ts";
import { keyThumbprint } from "./key-thumbprint.ts";
import { PROOF_MISSING, proofInvalid } from "./refusals.ts";
import { isSameTarget } from "./target-uri.ts";

export interface ProofRules {
  readonly limits: Limits;
  /** Seconds that a proof may be old, the leeway not counted. */
  readonly ageSeconds: number;
  /** Leeway for the client's clock. */
  readonly skewSeconds: number;
}

export interface Expected {
  readonly method: string;
  /** Absolute, as the client addressed it. */
  readonly uri: string;
  readonly token: string;
  /** `cnf.jkt` of the token. */
  readonly thumbprint: string;
}

export function checkProof(
  lines: readonly string[],
  expected: Expected,
  rules: ProofRules,
  now: number,
): Result<Proof, CredentialRefusal> {
  const [line] = lines;
  if (line === undefined) return err(PROOF_MISSING);
  // §4.3 check 1. Lines that a proxy joined with a comma are no JWT and fail below.
  if (lines.length > 1) return fail("more than one DPoP header");
  const parsed = parseToken(line, rules.limits);
  if (!parsed.ok) return fail(parsed.error.text);
  const token = parsed.value;
  if (token.algorithm.kty === "oct") return fail("alg is not asymmetric");
  const claims = checkClaims(token, expected, rules, now);
  if (typeof claims === "string") return fail(claims);
  const key = readKey(token, rules.limits);
  if (!key.ok) return fail(key.error);
  // Before the signature: only keys that the authorization server has seen cost us a verification.
  const thumbprint = keyThumbprint(key.value.key);
  if (thumbprint !== expected.thumbprint) return fail("made with another key than the token is bound to");
  const keySet = { keys: [{ ...key.value, kid: "" }], unusable: [], revision: "" };
  if (verifySignature(token, keySet) !== undefined) return fail("the signature does not verify");
  return ok({ thumbprint, id: claims.id, until: now + rules.ageSeconds + 2 * rules.skewSeconds });
}

/** Checks 3, 8, 9, 11 and 12. The times of a proof are the client's: the leeway counts at both ends, as `until` does. */
function checkClaims(
  { claims }: Token,
  expected: Expected,
  rules: ProofRules,
  now: number,
): string | { readonly id: string } {
  const id = member(claims, "jti");
  const issuedAt = member(claims, "iat");
  const uri = member(claims, "htu");
  if (typeof id !== "string" || id === "") return "no jti";
  if (typeof issuedAt !== "number") return "no iat";
  if (typeof uri !== "string") return "no htu";
  if (member(claims, "htm") !== expected.method) return "made for another method";
  if (!isSameTarget(uri, expected.uri)) return "made for another target";
  if (issuedAt > now + rules.skewSeconds) return "made in the future";
  if (issuedAt < now - rules.ageSeconds - rules.skewSeconds) return "too old";
  const hash = createHash("sha256").update(expected.token, "latin1").digest("base64url");
  return member(claims, "ath") === hash ? { id } : "made for another token";
}

const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/** §4.2: `typ` and `jwk` of the header; the key is public, alone and of the strict kind. */
function readKey(token: Token, limits: Limits) {
  const segment = token.raw.slice(0, token.raw.indexOf("."));
  const header = parseStrictObject(decodeBase64url(segment) ?? "", limits.jsonDepth);
  if (header === undefined || member(header, "typ") !== "dpop+jwt") return err("typ is not dpop+jwt");
  const jwk = member(header, "jwk");
  if (!isJsonObject(jwk)) return err("no jwk");
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) return err("jwk holds a private key");
  const key = readJwk(jwk, { strict: true, allowSecrets: false });
  return key.ok ? key : err(`jwk: ${key.error}`);
}

function fail(detail: string): { readonly ok: false; readonly error: CredentialRefusal } {
  return err(proofInvalid(detail));
}
