/**
 * Whether a verified JWT is an access token (RFC 9068 §2, §4). In: a TokenProfile, a verified credential. Out: the refusal,
 * or undefined. Pure. An ID token or a logout token of the same issuer is well signed too; only `typ` tells them apart.
 */
import type { JsonObject } from "../../model.ts";
import type { TokenProfile } from "../../resources/credential-resource.ts";
import { decodeBase64url } from "../base64url.ts";
import { member, parseStrictObject } from "../strict-json.ts";
import type { Credential, CredentialRefusal } from "./credential.ts";
import { NOT_ACCESS_TOKEN } from "./refusals.ts";

/** RFC 9068 §2.2: all of them REQUIRED. */
const STRINGS = ["iss", "sub", "client_id", "jti"];
const TIMES = ["exp", "iat"];

export function checkProfile(
  profile: TokenProfile,
  { kind, token }: Credential,
  jsonDepth: number,
): CredentialRefusal | undefined {
  if (kind !== "jwt") return undefined;
  if (profile.issuers.length > 0 && !profile.issuers.includes(token.issuer)) return undefined;
  return isAccessTokenType(token.raw, jsonDepth) && hasRequiredClaims(token.claims) ? undefined : NOT_ACCESS_TOKEN;
}

/** RFC 7515 §4.1.9: media types compare in any case, and `application/` may be left out. */
function isAccessTokenType(raw: string, jsonDepth: number): boolean {
  const header = parseStrictObject(decodeBase64url(raw.slice(0, raw.indexOf("."))) ?? "", jsonDepth);
  const type = header === undefined ? undefined : member(header, "typ");
  return typeof type === "string" && ["at+jwt", "application/at+jwt"].includes(type.toLowerCase());
}

function hasRequiredClaims(claims: JsonObject): boolean {
  const isFilled = (name: string) => typeof member(claims, name) === "string" && member(claims, name) !== "";
  const isTime = (name: string) => typeof member(claims, name) === "number";
  return STRINGS.every(isFilled) && TIMES.every(isTime) && Object.hasOwn(claims, "aud");
}
