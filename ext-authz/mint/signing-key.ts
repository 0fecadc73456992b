/**
 * The key that signs internal tokens, and its public half for /.well-known/jwks.json. In: a PKCS#8 PEM or nothing. Out: an
 * ES256 key named by its thumbprint (RFC 7638). Effects: `generateSigningKey` draws randomness from the platform.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, exportJWK, type JWK } from "jose";
import { err, ok, type Result } from "../result.ts";

export interface SigningKey {
  /** RFC 7638 SHA-256 thumbprint, base64url. */
  readonly kid: string;
  /** Secret. */
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
}

/** The error says what is wrong with the key and holds nothing of it. */
export async function loadSigningKey(pem: string): Promise<Result<SigningKey, string>> {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey({ key: pem, format: "pem" });
  } catch {
    return err("not a PKCS#8 private key in PEM");
  }
  if (privateKey.asymmetricKeyType !== "ec" || privateKey.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    return err("not a P-256 key, which ES256 needs");
  }
  return ok(await nameKey(privateKey));
}

/** A key that nobody else has and that is lost when the process ends. */
export async function generateSigningKey(): Promise<SigningKey> {
  return nameKey(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
}

/** RFC 7517 §5: public members only. */
export function publicJwks(keys: readonly SigningKey[]): { readonly keys: readonly JWK[] } {
  return { keys: keys.map((key) => key.publicJwk) };
}

async function nameKey(privateKey: KeyObject): Promise<SigningKey> {
  const bare = await exportJWK(createPublicKey(privateKey));
  const kid = await calculateJwkThumbprint(bare, "sha256");
  return { kid, privateKey, publicJwk: { ...bare, kid, alg: "ES256", use: "sig" } };
}
