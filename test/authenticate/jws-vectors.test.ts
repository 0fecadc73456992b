/** Signatures that others published verify, and stop verifying when one bit changes (RFC 7515 A, RFC 7520 §4, RFC 8037 A.4). */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ALGORITHMS } from "../../ext-authz/authenticate/algorithms.ts";
import { decodeBase64url } from "../../ext-authz/authenticate/base64url.ts";
import { parseKeySet } from "../../ext-authz/authenticate/key-set.ts";
import { parseStrictObject } from "../../ext-authz/authenticate/strict-json.ts";
import type { Token } from "../../ext-authz/authenticate/token.ts";
import { verifySignature } from "../../ext-authz/authenticate/verify-signature.ts";
import { jwksOf } from "./forge.ts";

interface Vector {
  readonly source: string;
  readonly jwk: object;
  readonly jws: string;
}

const file = readFileSync(new URL("../cases/jws-vectors.json", import.meta.url), "utf8");
const { vectors } = JSON.parse(file) as { readonly vectors: readonly Vector[] };

/** Most payloads are no claims, so the claims are left out: only the signature is looked at. */
function tokenOf(jws: string): Token {
  const [header = "", payload = "", signature = ""] = jws.split(".");
  const alg = String(parseStrictObject(decodeBase64url(header) ?? "", 8)?.["alg"]);
  const algorithm = ALGORITHMS.get(alg);
  if (algorithm === undefined) throw new Error(`unknown ${alg}`);
  return {
    raw: jws,
    alg,
    algorithm,
    kid: "",
    bringsKey: false,
    claims: {},
    issuer: "",
    subject: undefined,
    audiences: [],
    notBefore: 0,
    expiresAt: 0,
    signedBytes: Buffer.from(`${header}.${payload}`),
    signature: decodeBase64url(signature) ?? Buffer.alloc(0),
  };
}

test.each(vectors.map((vector) => [vector.source, vector] as const))("%s", (_, vector) => {
  const keySet = parseKeySet(jwksOf(vector.jwk), 8, { strict: true, allowSecrets: true });
  if (!keySet.ok) throw new Error(keySet.error);
  const token = tokenOf(vector.jws);
  expect(verifySignature(token, keySet.value)).toBeUndefined();
  for (const part of [token.signature, token.signedBytes]) {
    for (let at = 0; at < part.length; at += 7) {
      part[at] = (part[at] ?? 0) ^ 1;
      expect(verifySignature(token, keySet.value)?.text).toBe("Jwt verification fails");
      part[at] = (part[at] ?? 0) ^ 1;
    }
  }
  expect(verifySignature(token, keySet.value)).toBeUndefined();
});
