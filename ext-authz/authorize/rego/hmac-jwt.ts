/**
 * `io.jwt.decode` and `io.jwt.decode_verify` with a shared secret, for policies that check tokens by themselves.
 * In: a token, constraints, the time. Out: what OPA's built-ins give. Pure.
 * Source: OPA policy reference "Token Verification". Certificates and JWKS are not taken: RequestAuthentication is for
 * that. A policy that asks for them ends in an error, which fails closed.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { JsonObject, JsonValue } from "../../model.ts";

const HASHES: ReadonlyMap<string, string> = new Map([
  ["HS256", "sha256"],
  ["HS384", "sha384"],
  ["HS512", "sha512"],
]);
const CONSTRAINTS: ReadonlySet<string> = new Set(["secret", "alg", "iss", "aud", "time"]);
const MAX_TOKEN = 16_384;
const NANOSECONDS = 1e9;

type Verified = readonly [valid: boolean, header: JsonObject, payload: JsonObject];
const INVALID: Verified = [false, {}, {}];

interface Parts {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly signature: Buffer;
  readonly signed: string;
}

/** @returns header, payload and the signature as hex. @throws when the text is no JWT */
export function decodeJwt(token: unknown): readonly [JsonObject, JsonObject, string] {
  const parts = split(token);
  if (parts === undefined) throw new Error("io.jwt.decode: no JWT");
  return [parts.header, parts.payload, parts.signature.toString("hex")];
}

/**
 * @param now nanoseconds since the epoch, unless the constraints name a time
 * @throws for constraints that are not known here
 */
export function decodeVerifyJwt(token: unknown, constraints: unknown, now: number): Verified {
  if (!isObject(constraints)) throw new Error("io.jwt.decode_verify: no constraints");
  const unknown = Object.keys(constraints).find((name) => !CONSTRAINTS.has(name));
  if (unknown !== undefined) throw new Error(`io.jwt.decode_verify: the constraint ${unknown} is not supported`);
  const { secret, alg, iss, aud, time = now } = own(constraints);
  if (typeof secret !== "string" || secret === "") throw new Error("io.jwt.decode_verify: only `secret` is supported");
  if (typeof time !== "number") throw new Error("io.jwt.decode_verify: `time` is no number");
  const parts = split(token);
  if (parts === undefined || !isSigned(parts, secret, alg)) return INVALID;
  const { header, payload } = parts;
  return isCurrent(payload, time) && isMeant(payload, iss, aud) ? [true, header, payload] : INVALID;
}

function isSigned({ header, signed, signature }: Parts, secret: string, wanted: JsonValue | undefined): boolean {
  const { alg, crit } = own(header);
  if (typeof alg !== "string" || crit !== undefined || (wanted !== undefined && wanted !== alg)) return false;
  const hash = HASHES.get(alg);
  if (hash === undefined) return false;
  const made = createHmac(hash, secret).update(signed).digest();
  return made.length === signature.length && timingSafeEqual(made, signature);
}

function isCurrent(payload: JsonObject, time: number): boolean {
  const { exp, nbf } = own(payload);
  if (exp !== undefined && !(typeof exp === "number" && time < exp * NANOSECONDS)) return false;
  return nbf === undefined || (typeof nbf === "number" && time >= nbf * NANOSECONDS);
}

function isMeant(payload: JsonObject, issuer: JsonValue | undefined, audience: JsonValue | undefined): boolean {
  const { iss, aud } = own(payload);
  if (issuer !== undefined && issuer !== iss) return false;
  if (audience === undefined) return aud === undefined;
  return Array.isArray(aud) ? aud.includes(audience) : aud !== undefined && aud === audience;
}

function split(token: unknown): Parts | undefined {
  if (typeof token !== "string" || token.length > MAX_TOKEN) return undefined;
  const [head = "", body = "", tail, ...more] = token.split(".");
  if (tail === undefined || more.length > 0) return undefined;
  const [header, payload] = [json(head), json(body)];
  if (header === undefined || payload === undefined || !isBase64Url(tail)) return undefined;
  return { header, payload, signature: Buffer.from(tail, "base64url"), signed: `${head}.${body}` };
}

function json(part: string): JsonObject | undefined {
  if (!isBase64Url(part)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isBase64Url(text: string): boolean {
  return /^[-_A-Za-z0-9]*$/.test(text) && text.length % 4 !== 1;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Own members only: a token's header may be called anything. */
function own(object: JsonObject): { readonly [name: string]: JsonValue | undefined } {
  return Object.assign(Object.create(null), object);
}
