/**
 * The text of a JWT becomes a typed, still unverified token, or the refusal that Envoy's jwt_authn would give. In: what a
 * request carried. Out: header fields, claims and the bytes to verify. Steps and their order: RFC 7515 §5.2 as
 * google/jwt_verify_lib walks it. Pure but for a small memory of headers. Nothing here is trusted until `verify-signature.ts` has seen it.
 */
import type { Limits } from "../config/settings.ts";
import type { JsonObject, JsonValue } from "../model.ts";
import { err, ok, type Result } from "../result.ts";
import { ALGORITHMS, type Algorithm } from "./algorithms.ts";
import { decodeBase64url } from "./base64url.ts";
import {
  ALG_MISSING,
  ALG_UNSUPPORTED,
  AUD_TYPE,
  CRITICAL_HEADER,
  claimNotInteger,
  claimNotString,
  claimOutOfRange,
  HEADER_BASE64,
  HEADER_JSON,
  KID_TYPE,
  NOT_THREE_SECTIONS,
  PAYLOAD_BASE64,
  PAYLOAD_JSON,
  SIGNATURE_BASE64,
  TOO_LARGE,
  type TokenRefusal,
  UNENCODED,
} from "./refusals.ts";
import { member, parseStrictObject } from "./strict-json.ts";

/** What a token says. Seconds are whole; 0 stands for an absent `nbf` or `exp`, as in jwt_verify_lib. */
export interface TokenContent {
  /** "" = none. Only ever a value to compare, never a name to look something up with. */
  readonly kid: string;
  /** The header brings a key, or says where one is (RFC 7515 §4.1.2, §4.1.3, §4.1.5). Never looked at. */
  readonly bringsKey: boolean;
  readonly claims: JsonObject;
  readonly issuer: string;
  readonly subject: string | undefined;
  readonly audiences: readonly string[];
  readonly notBefore: number;
  readonly expiresAt: number;
}

/** And what shows whether to believe it. */
export interface Token extends TokenContent {
  readonly raw: string;
  readonly alg: string;
  readonly algorithm: Algorithm;
  readonly signedBytes: Buffer;
  readonly signature: Buffer;
}

export function parseToken(raw: string, limits: Limits): Result<Token, TokenRefusal> {
  if (raw.length > limits.tokenLength) return err(TOO_LARGE);
  const sections = raw.split(".", 4);
  const [headerSegment = "", payloadSegment = "", signatureSegment = ""] = sections;
  if (sections.length !== 3 || headerSegment === "" || payloadSegment === "" || signatureSegment === "") {
    return err(NOT_THREE_SECTIONS);
  }
  const header = readHeader(headerSegment, limits);
  if (!header.ok) return header;
  const payload = readPayload(payloadSegment, limits);
  if (!payload.ok) return payload;
  const signature = decodeBase64url(signatureSegment);
  if (signature === undefined) return err(SIGNATURE_BASE64);
  const signedBytes = Buffer.from(raw.slice(0, raw.lastIndexOf(".")), "latin1");
  return ok({ raw, signedBytes, signature, ...header.value, ...payload.value });
}

type Header = Pick<Token, "alg" | "algorithm" | "kid" | "bringsKey">;
export type Payload = Pick<Token, "claims" | "issuer" | "subject" | "audiences" | "notBefore" | "expiresAt">;

/** Of headers that could be read: an issuer's tokens have one for each of its keys. */
const knownHeaders = new Map<string, { readonly jsonDepth: number; readonly header: Result<Header, TokenRefusal> }>();
const MAX_HEADERS = 64;
/** Characters. */
const MAX_KNOWN_HEADER = 512;

function readHeader(segment: string, limits: Limits): Result<Header, TokenRefusal> {
  const known = knownHeaders.get(segment);
  if (known?.jsonDepth === limits.jsonDepth) return known.header;
  const header = parseHeader(segment, limits);
  if (!header.ok || segment.length > MAX_KNOWN_HEADER) return header;
  if (knownHeaders.size >= MAX_HEADERS) knownHeaders.clear();
  // A copy: a slice of a token would keep all of it.
  knownHeaders.set(Buffer.from(segment, "latin1").toString("latin1"), { jsonDepth: limits.jsonDepth, header });
  return header;
}

function parseHeader(segment: string, limits: Limits): Result<Header, TokenRefusal> {
  const bytes = decodeBase64url(segment);
  if (bytes === undefined) return err(HEADER_BASE64);
  const header = parseStrictObject(bytes, limits.jsonDepth);
  if (header === undefined) return err(HEADER_JSON);
  const alg = member(header, "alg");
  if (typeof alg !== "string") return err(ALG_MISSING);
  const algorithm = ALGORITHMS.get(alg);
  if (algorithm === undefined) return err(ALG_UNSUPPORTED);
  const kid = member(header, "kid");
  if (kid !== undefined && typeof kid !== "string") return err(KID_TYPE);
  // RFC 7515 §4.1.11: an extension that must be understood and is not makes the token invalid. We understand none.
  if (Object.hasOwn(header, "crit")) return err(CRITICAL_HEADER);
  // RFC 7797 §7: no JWT. A reader that knows `b64` would find another payload signed than we do.
  if (Object.hasOwn(header, "b64") && header["b64"] !== true) return err(UNENCODED);
  const bringsKey = ["jwk", "jku", "x5u"].some((name) => Object.hasOwn(header, name));
  return ok({ alg, algorithm, kid: kid ?? "", bringsKey });
}

function readPayload(segment: string, limits: Limits): Result<Payload, TokenRefusal> {
  const bytes = decodeBase64url(segment);
  if (bytes === undefined) return err(PAYLOAD_BASE64);
  const claims = parseStrictObject(bytes, limits.jsonDepth);
  return claims === undefined ? err(PAYLOAD_JSON) : readClaims(claims);
}

export function readClaims(claims: JsonObject): Result<Payload, TokenRefusal> {
  const issuer = readString(claims, "iss");
  if (!issuer.ok) return issuer;
  const subject = readString(claims, "sub");
  if (!subject.ok) return subject;
  const issuedAt = readSeconds(claims, "iat");
  if (!issuedAt.ok) return issuedAt;
  const notBefore = readSeconds(claims, "nbf");
  if (!notBefore.ok) return notBefore;
  const expiresAt = readSeconds(claims, "exp");
  if (!expiresAt.ok) return expiresAt;
  const id = readString(claims, "jti");
  if (!id.ok) return id;
  const audiences = readAudiences(claims);
  if (audiences === undefined) return err(AUD_TYPE);
  return ok({
    claims,
    issuer: issuer.value ?? "",
    subject: subject.value,
    audiences,
    notBefore: notBefore.value,
    expiresAt: expiresAt.value,
  });
}

function readString(claims: JsonObject, name: string): Result<string | undefined, TokenRefusal> {
  const value = member(claims, name);
  return value === undefined || typeof value === "string" ? ok(value) : err(claimNotString(name));
}

const TWO_TO_THE_64 = 2 ** 64;

/** A NumericDate (RFC 7519 §2); the fraction is dropped. */
function readSeconds(claims: JsonObject, name: string): Result<number, TokenRefusal> {
  const value = member(claims, name);
  if (value === undefined) return ok(0);
  if (typeof value !== "number") return err(claimNotInteger(name));
  if (value < 0 || value >= TWO_TO_THE_64) return err(claimOutOfRange(name));
  return ok(Math.trunc(value));
}

function readAudiences(claims: JsonObject): readonly string[] | undefined {
  const value = member(claims, "aud");
  if (value === undefined) return [];
  if (typeof value === "string") return [value];
  return isTexts(value) ? value : undefined;
}

function isTexts(value: JsonValue): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}
