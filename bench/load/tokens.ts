/**
 * An issuer for load: one RS256 key, its JWKS, and as many different tokens as are asked for. In: how many. Out: tokens of
 * about 700 characters that all peers accept. Signing takes about a millisecond each: ask for what is used.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

export const ISSUER = "https://issuer.example";
export const AUDIENCE = "orders";
const KID = "load-1";

export interface LoadIssuer {
  /** RFC 7517, as text. */
  readonly jwks: string;
  /** @param n names the token: its `sub` and `jti`. The same number is the same token. */
  token(n: number): string;
}

/** @param now seconds; tokens are good for an hour from it */
export function createIssuer(now: number): LoadIssuer {
  const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const jwk = { ...createPublicKey(key).export({ format: "jwk" }), kid: KID, alg: "RS256", use: "sig" };
  return { jwks: JSON.stringify({ keys: [jwk] }), token: (n) => signToken(key, n, now) };
}

function signToken(key: KeyObject, n: number, now: number): string {
  const claims = {
    ...{ iss: ISSUER, sub: `user-${n}`, aud: [AUDIENCE, "billing"], iat: now, exp: now + 3600, jti: `id-${n}` },
    ...{ azp: "web", scope: "openid profile orders:read", role: "buyer" },
  };
  const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${segment({ alg: "RS256", typ: "JWT", kid: KID })}.${segment(claims)}`;
  return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
}
