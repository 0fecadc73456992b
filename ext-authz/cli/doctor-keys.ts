/**
 * What a JWK set says about its keys. In: its text, the rules by which the server reads it, the clock. Out: the keys as a
 * table, and findings. Pure. Nothing of a key is shown but its name, type and size.
 */
import { X509Certificate } from "node:crypto";
import { readJwk, type VerificationKey } from "../authenticate/jwk.ts";
import { isJsonObject, member, parseStrictObject } from "../authenticate/strict-json.ts";
import type { JsonObject } from "../model.ts";
import type { Result } from "../result.ts";
import { type Finding, finding, quote } from "./doctor-finding.ts";

export interface KeyFacts {
  readonly kid: string;
  readonly kty: string;
  readonly alg: string;
  /** Of the modulus; 0 = no RSA key. */
  readonly bits: number;
  readonly curve: string;
  readonly usable: boolean;
  /** Days since its certificate began (`x5c`); undefined = not knowable. */
  readonly ageDays?: number;
}

export interface KeySetFacts {
  readonly keys: readonly KeyFacts[];
  readonly findings: readonly Finding[];
}

export interface KeyRules {
  readonly strict: boolean;
  readonly jsonDepth: number;
  /** A policy's own `jwks` may hold secrets; what everybody can fetch may not. */
  readonly inline: boolean;
}

const DAY = 86_400;
const OLD_DAYS = 366;
const MAX_KEYS = 128;
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth"] as const;

export function examineKeys(text: string, rules: KeyRules, now: number): KeySetFacts {
  const document = parseStrictObject(text, rules.jsonDepth);
  const members = document === undefined ? undefined : member(document, "keys");
  if (!Array.isArray(members)) return { keys: [], findings: [finding("not_a_jwks", describeText(text, document))] };
  const entries: readonly JsonObject[] = members.slice(0, MAX_KEYS).map((one) => (isJsonObject(one) ? one : {}));
  const read = entries.map((jwk) => examineKey(jwk, rules, now));
  const usable = read.filter(({ facts }) => facts.usable).length;
  return {
    keys: read.map(({ facts }) => facts),
    findings: [
      ...(usable === 0 ? [finding("no_usable_key", `${members.length} keys, none of use`)] : []),
      ...examineNames(read),
      ...read.flatMap(({ findings }) => findings),
    ],
  };
}

interface Examined {
  readonly facts: KeyFacts;
  readonly findings: readonly Finding[];
}

function examineKey(jwk: JsonObject, { strict, inline }: KeyRules, now: number): Examined {
  // Leniently first: a weak key is worth another word than an unreadable one.
  const lenient = readJwk(jwk, { strict: false, allowSecrets: inline });
  const ruled: Result<VerificationKey, string> = lenient.ok ? readJwk(jwk, { strict, allowSecrets: inline }) : lenient;
  const [kid, kty, alg] = [textOf(jwk, "kid"), textOf(jwk, "kty"), textOf(jwk, "alg")];
  const name = kid === "" ? "a key without kid" : `key ${quote(kid)}`;
  const bits = lenient.ok ? (lenient.value.key.asymmetricKeyDetails?.modulusLength ?? 0) : 0;
  const certificate = readCertificate(jwk);
  const ageDays = certificate === undefined ? undefined : Math.floor((now - certificate.from) / DAY);
  const findings = [
    ...(PRIVATE.some((part) => Object.hasOwn(jwk, part)) ? [finding("key_private", `${name} is a private key`)] : []),
    ...(kty === "oct" && !inline ? [finding("key_private", `${name} is a secret`)] : []),
    ...(ruled.ok ? [] : [finding("key_unusable", `${name}: ${ruled.error}`)]),
    ...weakness(jwk, name, bits),
    ...(ruled.ok && alg === "" ? [finding("alg_missing", name)] : []),
    ...(certificate === undefined || !lenient.ok ? [] : examineCertificate(certificate, lenient.value, name, now)),
    ...(ageDays !== undefined && ageDays > OLD_DAYS ? [finding("key_old", `${name}: ${ageDays} days by x5c`)] : []),
  ];
  const curve = lenient.ok ? lenient.value.curve : textOf(jwk, "crv");
  const facts = { kid, kty, alg, bits, curve, usable: ruled.ok, ...(ageDays !== undefined && { ageDays }) };
  return { facts, findings };
}

function weakness(jwk: JsonObject, name: string, bits: number): readonly Finding[] {
  if (textOf(jwk, "kty") !== "RSA") return [];
  const e = textOf(jwk, "e");
  return [
    ...(bits > 0 && bits < 2048 ? [finding("key_weak", `${name}: RSA of ${bits} bits`)] : []),
    ...(e === "AQAB" ? [] : [finding("key_weak", `${name}: the exponent e is ${quote(e)}, not 65537 (AQAB)`)]),
  ];
}

function examineNames(read: readonly Examined[]): readonly Finding[] {
  const named = group(read);
  const repeated = [...named].filter(([kid, keys]) => kid !== "" && keys.length > 1);
  const nameless = named.get("")?.length ?? 0;
  return [
    ...repeated.map(([kid, keys]) => finding("kid_duplicate", `${keys.length} keys are named ${quote(kid)}`)),
    ...(nameless > 0 ? [finding("kid_missing", `${nameless} of ${read.length} keys have no kid`)] : []),
  ];
}

function group(read: readonly Examined[]): ReadonlyMap<string, readonly Examined[]> {
  const named = new Map<string, Examined[]>();
  for (const one of read) named.set(one.facts.kid, [...(named.get(one.facts.kid) ?? []), one]);
  return named;
}

interface CertificateTimes {
  readonly certificate: X509Certificate;
  readonly from: number;
  readonly to: number;
}

function readCertificate(jwk: JsonObject): CertificateTimes | undefined {
  const chain = member(jwk, "x5c");
  const first: unknown = Array.isArray(chain) ? chain[0] : undefined;
  if (typeof first !== "string") return undefined;
  try {
    const certificate = new X509Certificate(Buffer.from(first, "base64"));
    const [from, to] = [Date.parse(certificate.validFrom) / 1000, Date.parse(certificate.validTo) / 1000];
    return { certificate, from, to };
  } catch {
    return undefined;
  }
}

function examineCertificate(
  { certificate, to }: CertificateTimes,
  { key }: VerificationKey,
  name: string,
  now: number,
): readonly Finding[] {
  return [
    ...(to < now ? [finding("certificate_expired", `${name}: ${Math.floor((now - to) / DAY)} days ago`)] : []),
    ...(key.type === "public" && !certificate.publicKey.equals(key)
      ? [finding("certificate_of_another_key", name)]
      : []),
  ];
}

function textOf(jwk: JsonObject, name: string): string {
  const value = member(jwk, name);
  return typeof value === "string" ? value : "";
}

function describeText(text: string, document: JsonObject | undefined): string {
  if (document !== undefined) return 'JSON without "keys"';
  return text.trim() === "" ? "empty" : `not JSON: ${quote(text.trim().slice(0, 30))}`;
}
