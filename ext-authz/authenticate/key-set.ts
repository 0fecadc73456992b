/**
 * A JWK set (RFC 7517 §5) becomes the keys that can verify. In: the text of a JWKS. Out: the usable keys and how many were
 * not, or a word on why it is no JWKS at all. An unusable key never spoils the others. Pure.
 */
import { createHash } from "node:crypto";
import { err, ok, type Result } from "../result.ts";
import { type JwkRules, readJwk, type VerificationKey } from "./jwk.ts";
import { isJsonObject, member, parseStrictObject } from "./strict-json.ts";

export interface KeySet {
  readonly keys: readonly VerificationKey[];
  /** Why keys were left out, for the log; never key material. */
  readonly unusable: readonly string[];
  /** Hash of the text: another text, another revision. */
  readonly revision: string;
}

/** Nobody publishes more on purpose; each costs memory and a look for every token. */
const MAX_KEYS = 128;

export function parseKeySet(text: string, maxDepth: number, rules: JwkRules): Result<KeySet, string> {
  const document = parseStrictObject(text, maxDepth);
  const members = document === undefined ? undefined : member(document, "keys");
  if (!Array.isArray(members)) return err("not a JWK set");
  const keys: VerificationKey[] = [];
  const unusable: string[] = [];
  for (const entry of members) {
    const key = isJsonObject(entry) ? readJwk(entry, rules) : err("not an object");
    if (!key.ok) unusable.push(key.error);
    else if (keys.length < MAX_KEYS) keys.push(key.value);
    else unusable.push("one key too many");
  }
  const revision = createHash("sha256").update(text).digest("base64url");
  return ok({ keys: withoutMixedSecrets(keys, unusable), unusable, revision });
}

/** A secret beside public keys is how HS256 comes to be verified with a public key: the secret goes. */
function withoutMixedSecrets(keys: readonly VerificationKey[], unusable: string[]): readonly VerificationKey[] {
  const asymmetric = keys.filter((key) => key.kty !== "oct");
  if (asymmetric.length === 0 || asymmetric.length === keys.length) return keys;
  unusable.push("a secret beside public keys");
  return asymmetric;
}
