/**
 * Whether one of the keys signed the token. In: an unverified token and the keys of its rule. Out: the refusal, or
 * undefined. The key's own type chooses how to verify; the token's `alg` can only fail to fit (RFC 8725 §3.1). Synchronous:
 * node:crypto.verify took a fifth (RS256) to three fifths (EdDSA) of jose.compactVerify's time and needs no turn of the loop.
 */
import { constants, createHmac, timingSafeEqual, verify } from "node:crypto";
import { isSmallOrderPoint } from "./ed25519-point.ts";
import type { VerificationKey } from "./jwk.ts";
import type { KeySet } from "./key-set.ts";
import { KEY_UNKNOWN, NO_VALID_KEYS, SIGNATURE, type TokenRefusal } from "./refusals.ts";
import type { Token } from "./token.ts";

/** A token without `kid` fits every key of its type: what it may cost is bounded here. */
const MAX_TRIES = 32;

export function verifySignature(token: Token, keySet: KeySet): TokenRefusal | undefined {
  if (keySet.keys.length === 0) return NO_VALID_KEYS;
  let refusal = KEY_UNKNOWN;
  let tries = 0;
  for (const key of keySet.keys) {
    if (!isCandidate(token, key)) continue;
    refusal = SIGNATURE;
    if (!fits(token, key)) continue;
    if (isSignedBy(token, key)) return undefined;
    if (++tries === MAX_TRIES) break;
  }
  return refusal;
}

/** jwt_verify_lib verify.cc: an absent `kid` or `alg` on either side fits everything. */
function isCandidate(token: Token, key: VerificationKey): boolean {
  if (token.kid !== "" && key.kid !== "" && token.kid !== key.kid) return false;
  return key.alg === "" || key.alg === token.alg;
}

/** Type, curve, and exact lengths: no DER in place of r‖s (RFC 7518 §3.4), no short RSA block, no cut MAC. */
function fits({ algorithm, signature }: Token, key: VerificationKey): boolean {
  if (algorithm.kty !== key.kty || algorithm.curve !== key.curve) return false;
  return signature.length === (algorithm.signatureBytes || key.modulusBytes);
}

function isSignedBy(token: Token, key: VerificationKey): boolean {
  const { algorithm, signature } = token;
  switch (key.kty) {
    case "oct":
      return timingSafeEqual(createHmac(algorithm.hash, key.key).update(token.signedBytes).digest(), signature);
    case "OKP":
      // OpenSSL refuses S ≥ L itself (measured); R of small order is what no honest signer makes.
      return !isSmallOrderPoint(signature.subarray(0, 32)) && verify(null, token.signedBytes, key.key, signature);
    case "EC":
      return verify(algorithm.hash, token.signedBytes, { key: key.key, dsaEncoding: "ieee-p1363" }, signature);
    case "RSA":
      return verify(algorithm.hash, token.signedBytes, { key: key.key, ...padding(algorithm.saltBytes) }, signature);
  }
}

function padding(saltBytes: number): { readonly padding: number; readonly saltLength?: number } {
  if (saltBytes === 0) return { padding: constants.RSA_PKCS1_PADDING };
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: saltBytes };
}
