/**
 * In: a certificate as PEM. Out: its `x5t#S256`, the SHA-256 of its DER in base64url (RFC 8705 §3.1); undefined for what is
 * no certificate. Pure.
 */
import { createHash, X509Certificate } from "node:crypto";

const MAX_PEM = 65_536;

export function certificateThumbprint(pem: string): string | undefined {
  if (pem.length > MAX_PEM) return undefined;
  try {
    return createHash("sha256").update(new X509Certificate(pem).raw).digest("base64url");
  } catch {
    return undefined;
  }
}
