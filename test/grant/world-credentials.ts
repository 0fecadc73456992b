/**
 * Credentials for generated worlds: a few tokens, keys and certificates that are easily confused, made once. No network; the
 * clock is a constant.
 */
import { createHash, generateKeyPairSync } from "node:crypto";
import { type CredentialSources, offlineSources } from "../../ext-authz/authenticate/credentials/credential-sources.ts";
import { parseRevocationList } from "../../ext-authz/authenticate/credentials/revocation-list.ts";
import { ok } from "../../ext-authz/result.ts";
import { inlineSource, jwkOf, jwksOf, NOW, token } from "../authenticate/forge.ts";

export { NOW };
export const ISSUERS = ["https://a.example", "https://b.example"] as const;

const keyPairs = ISSUERS.map(() => generateKeyPairSync("ed25519").privateKey);
/** As an issuer's jwtRule has them. */
export const JWKS = keyPairs.map((key, at) => jwksOf(jwkOf(key, { kid: `k${at}` })));

const HASH = "ab".repeat(32);
export const CERTIFICATE = { hash: HASH, thumbprint: Buffer.from(HASH, "hex").toString("base64url") };

function signed(issuer: 0 | 1, claims: object): string {
  const whole = { iss: ISSUERS[issuer], aud: "svc", sub: "alice", exp: NOW + 600, ...claims };
  return token(whole, { alg: "EdDSA", kid: `k${issuer}` }, keyPairs[issuer]);
}

export const TOKENS: readonly string[] = [
  signed(0, { role: "admin", scope: "read write" }),
  signed(0, { role: "user", sub: "bob" }),
  signed(1, { role: "admin", sub: "alice" }),
  signed(0, { role: "admin", exp: NOW + 3 }),
  signed(0, { role: "admin", exp: NOW - 30 }),
  signed(0, { sub: "carol", jti: "gone" }),
  signed(1, { role: "user", nbf: NOW + 62 }),
  signed(1, { role: "admin", aud: "other" }),
  signed(0, { sub: "dora", cnf: { "x5t#S256": CERTIFICATE.thumbprint } }),
  `${signed(0, {}).slice(0, -8)}AAAAAAAA`,
  "no.jwt.at-all",
  "",
];
/** What the introspection server knows. */
export const OPAQUE: readonly string[] = ["opaque-1", "opaque-2", "opaque-3"];
export const API_KEYS: readonly string[] = ["key-1", "key-2"];
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** One source of keys for all worlds: a token is verified once. */
export const KEYS = { true: { sourceFor: inlineSource(true) }, false: { sourceFor: inlineSource(false) } };

export function worldSources(): CredentialSources {
  const list = parseRevocationList('{"revoked":[{"jti":"gone"}]}');
  if (!list.ok) throw new Error(list.error);
  return {
    ...offlineSources(),
    feedFor: () => ({ current: () => list.value }),
    introspectorFor: () => ({
      stop() {},
      introspect(raw) {
        const known = OPAQUE.indexOf(raw);
        const claims = { sub: `o${known}`, role: known === 0 ? "admin" : "user" };
        const active = { active: true, claims, notBefore: 0, expiresAt: NOW + 600, audiences: ["svc"] } as const;
        return { ...ok(known < 0 ? ({ active: false } as const) : active), until: NOW + (known === 2 ? 2 : 30) };
      },
    }),
  };
}
