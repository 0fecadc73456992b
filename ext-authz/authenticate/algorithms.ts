/**
 * All that is known about each signature algorithm that a token may name (RFC 7518 §3.1, RFC 8037 §3.1), in one table.
 * Nobody else enumerates algorithms. `none` and everything not listed here do not exist.
 */

export type KeyType = "RSA" | "EC" | "OKP" | "oct";

export interface Algorithm {
  /** The JWK `kty` that may verify it; a key of another type never does, whatever the token says. */
  readonly kty: KeyType;
  /** Name of the hash for node:crypto; "" where the algorithm has its own. */
  readonly hash: string;
  /** EC and OKP: the only curve (RFC 7518 §3.4: ES256 is P-256 and nothing else). */
  readonly curve: string;
  /** Bytes of a signature; 0 = as long as the RSA modulus. */
  readonly signatureBytes: number;
  /** RSASSA-PSS with a salt as long as the hash (RFC 7518 §3.5), in bytes; 0 = PKCS #1 v1.5 or not RSA. */
  readonly saltBytes: number;
}

const rsa = (hash: string, saltBytes = 0): Algorithm => ({ kty: "RSA", hash, curve: "", signatureBytes: 0, saltBytes });
const ec = (hash: string, curve: string, signatureBytes: number): Algorithm => ({
  kty: "EC",
  hash,
  curve,
  signatureBytes,
  saltBytes: 0,
});
const hmac = (hash: string, signatureBytes: number): Algorithm => ({
  kty: "oct",
  hash,
  curve: "",
  signatureBytes,
  saltBytes: 0,
});

export const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ["RS256", rsa("sha256")],
  ["RS384", rsa("sha384")],
  ["RS512", rsa("sha512")],
  ["PS256", rsa("sha256", 32)],
  ["PS384", rsa("sha384", 48)],
  ["PS512", rsa("sha512", 64)],
  ["ES256", ec("sha256", "P-256", 64)],
  ["ES384", ec("sha384", "P-384", 96)],
  ["ES512", ec("sha512", "P-521", 132)],
  ["HS256", hmac("sha256", 32)],
  ["HS384", hmac("sha384", 48)],
  ["HS512", hmac("sha512", 64)],
  ["EdDSA", { kty: "OKP", hash: "", curve: "Ed25519", signatureBytes: 64, saltBytes: 0 }],
]);
