/**
 * One JWK (RFC 7517 §4) becomes a key that can verify, or a word for the log on why it cannot. Only the public members are
 * read: a private key that somebody published is used as the public one it contains. Pure (node:crypto parses).
 */
import { createPublicKey, createSecretKey, type JsonWebKeyInput, type KeyObject } from "node:crypto";
import type { JsonObject, JsonValue } from "../model.ts";
import { err, ok, type Result } from "../result.ts";
import { ALGORITHMS, type KeyType } from "./algorithms.ts";
import { decodeBase64url } from "./base64url.ts";
import { isSmallOrderPoint } from "./ed25519-point.ts";
import { member } from "./strict-json.ts";

export interface VerificationKey {
  /** "" = none: fits a token with any `kid`. */
  readonly kid: string;
  readonly kty: KeyType;
  /** The JWK's `alg`; "" = any of its type. */
  readonly alg: string;
  /** EC and OKP; "" otherwise. */
  readonly curve: string;
  /** RSA: bytes of the modulus; 0 otherwise. */
  readonly modulusBytes: number;
  readonly key: KeyObject;
}

export interface JwkRules {
  /** RFC 7518's own bounds: RSA from 2048 bits, HMAC secrets as long as the hash, `use` only `sig`. */
  readonly strict: boolean;
  /** Secrets are taken only from a JWKS that the operator wrote into the policy, never from the network. */
  readonly allowSecrets: boolean;
}

const KEY_TYPES: readonly KeyType[] = ["RSA", "EC", "OKP", "oct"];

export function readJwk(jwk: JsonObject, rules: JwkRules): Result<VerificationKey, string> {
  const kty = keyType(member(jwk, "kty"));
  const kid = member(jwk, "kid") ?? "";
  const alg = member(jwk, "alg") ?? "";
  const curve = member(jwk, "crv") ?? "";
  if (kty === undefined) return err("kty is not supported");
  if (typeof kid !== "string" || typeof alg !== "string" || typeof curve !== "string")
    return err("a member is no string");
  const algorithm = ALGORITHMS.get(alg);
  if (alg !== "" && (algorithm === undefined || algorithm.kty !== kty)) return err("alg does not fit kty");
  if (algorithm !== undefined && algorithm.curve !== "" && algorithm.curve !== curve)
    return err("alg does not fit crv");
  if (rules.strict && (member(jwk, "use") ?? "sig") !== "sig") return err("use is not sig");
  const named = { kid, kty, alg, curve: kty === "EC" || kty === "OKP" ? curve : "" };
  return readByType(kty, jwk, named, rules);
}

function readByType(kty: KeyType, jwk: JsonObject, named: Named, rules: JwkRules): Result<VerificationKey, string> {
  switch (kty) {
    case "RSA":
      return readRsa(jwk, named, rules);
    case "EC":
      return readEc(jwk, named);
    case "OKP":
      return readEd25519(jwk, named);
    case "oct":
      return readSecret(jwk, named, rules);
  }
}

type Named = Omit<VerificationKey, "key" | "modulusBytes">;

function keyType(value: JsonValue | undefined): KeyType | undefined {
  return KEY_TYPES.find((kty) => kty === value);
}

/** RSA verification costs grow with the modulus: beyond this a published key is an attack on us. */
const MAX_MODULUS_BITS = 8192;

function readRsa(jwk: JsonObject, named: Named, rules: JwkRules): Result<VerificationKey, string> {
  const n = binary(jwk, "n");
  const e = binary(jwk, "e");
  if (n === undefined || e === undefined) return err("n or e is not base64url");
  const exponent = e.length <= 4 ? e.readUIntBE(0, e.length) : 0;
  if (exponent !== 3 && exponent !== 65537) return err("e is neither 3 nor 65537");
  const key = importPublic({ kty: "RSA", n: n.toString("base64url"), e: e.toString("base64url") });
  const bits = key?.asymmetricKeyDetails?.modulusLength ?? 0;
  if (key === undefined || bits > MAX_MODULUS_BITS || bits < (rules.strict ? 2048 : 1024)) {
    return err("the RSA modulus is too short or too long");
  }
  return ok({ ...named, modulusBytes: Math.ceil(bits / 8), key });
}

const COORDINATE_BYTES: ReadonlyMap<string, number> = new Map([
  ["P-256", 32],
  ["P-384", 48],
  ["P-521", 66],
]);

function readEc(jwk: JsonObject, named: Named): Result<VerificationKey, string> {
  const bytes = COORDINATE_BYTES.get(named.curve);
  const x = binary(jwk, "x");
  const y = binary(jwk, "y");
  if (bytes === undefined || x?.length !== bytes || y?.length !== bytes) return err("crv, x or y does not fit");
  // The import checks that the point is on the curve: an invalid one would give the private key's holder nothing, but us.
  const key = importPublic({ kty: "EC", crv: named.curve, x: x.toString("base64url"), y: y.toString("base64url") });
  return key === undefined ? err("the point is not on the curve") : ok({ ...named, modulusBytes: 0, key });
}

function readEd25519(jwk: JsonObject, named: Named): Result<VerificationKey, string> {
  const x = binary(jwk, "x");
  if (named.curve !== "Ed25519" || x?.length !== 32) return err("crv or x does not fit");
  // Measured: OpenSSL verifies signatures that nobody made under a key of small order.
  if (isSmallOrderPoint(x)) return err("the point is of small order or not canonical");
  const key = importPublic({ kty: "OKP", crv: "Ed25519", x: x.toString("base64url") });
  return key === undefined ? err("the point is not on the curve") : ok({ ...named, modulusBytes: 0, key });
}

function readSecret(jwk: JsonObject, named: Named, rules: JwkRules): Result<VerificationKey, string> {
  if (!rules.allowSecrets) return err("a secret is only taken from an inline jwks");
  const k = binary(jwk, "k");
  const least = rules.strict ? (ALGORITHMS.get(named.alg)?.signatureBytes ?? 32) : 1;
  if (k === undefined || k.length < least) return err("k is not base64url or too short");
  return ok({ ...named, modulusBytes: 0, key: createSecretKey(k) });
}

function binary(jwk: JsonObject, name: string): Buffer | undefined {
  const value = member(jwk, name);
  if (typeof value !== "string" || value === "") return undefined;
  return decodeBase64url(value);
}

function importPublic(jwk: JsonWebKeyInput["key"]): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk, format: "jwk" });
  } catch {
    return undefined;
  }
}
