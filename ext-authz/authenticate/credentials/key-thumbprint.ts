/** In: a public key. Out: its JWK SHA-256 thumbprint (RFC 7638 §3), base64url: what `cnf.jkt` holds (RFC 9449 §6.1). Pure. */
import { createHash, type KeyObject } from "node:crypto";

/** From the key itself, not from the JWK's text: one key has one thumbprint however it was spelled. */
export function keyThumbprint(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = key.export({ format: "jwk" });
  // The required members in lexical order; JSON.stringify leaves out those that this type does not have.
  const required = kty === "RSA" ? { e, kty, n } : { crv, kty, x, y };
  return createHash("sha256").update(JSON.stringify(required)).digest("base64url");
}
