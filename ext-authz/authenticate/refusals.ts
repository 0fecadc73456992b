/**
 * Every refusal of a token: the closed code for us, the sentence for the client. The sentences of Envoy's jwt_authn are
 * kept to the letter (clients and dashboards match on them); the last ones have no counterpart there. Constants only.
 */
import type { Refusal, TokenReason } from "../result.ts";

export type TokenRefusal = Refusal<TokenReason>;

function refusal(code: TokenReason, text: string, detail?: string): TokenRefusal {
  return Object.freeze(detail === undefined ? { code, text } : { code, text, detail });
}

export const NOT_THREE_SECTIONS = refusal(
  "token_malformed",
  "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections",
);
export const HEADER_BASE64 = refusal("token_malformed", "Jwt header is an invalid Base64url encoded");
export const HEADER_JSON = refusal("token_malformed", "Jwt header is an invalid JSON");
export const ALG_MISSING = refusal("token_algorithm", "Jwt header [alg] field is required and must be a string");
export const ALG_UNSUPPORTED = refusal("token_algorithm", "Jwt header [alg] is not supported");
export const KID_TYPE = refusal("token_malformed", "Jwt header [kid] field is not a string");
export const PAYLOAD_BASE64 = refusal("token_malformed", "Jwt payload is an invalid Base64url encoded");
export const PAYLOAD_JSON = refusal("token_malformed", "Jwt payload is an invalid JSON");
export const AUD_TYPE = refusal("token_claim_type", "Jwt payload [aud] field is not a string or string list");
export const SIGNATURE_BASE64 = refusal("token_malformed", "Jwt signature is an invalid Base64url encoded");
export const ISSUER = refusal("token_issuer", "Jwt issuer is not configured");
export const NOT_YET_VALID = refusal("token_not_yet_valid", "Jwt not yet valid");
export const EXPIRED = refusal("token_expired", "Jwt is expired");
export const AUDIENCE = refusal("token_audience", "Audiences in Jwt are not allowed");
export const NO_AUDIENCES_LISTED = refusal(
  "token_audience",
  "Audiences in Jwt are not allowed",
  "rule lists no audiences; list them or set strict: false",
);
export const KEY_UNKNOWN = refusal("token_key_unknown", "Jwks doesn't have key to match kid or alg from Jwt");
export const NO_VALID_KEYS = refusal("token_keys_unavailable", "Jwks doesn't have any valid public key");
export const FETCH_FAILED = refusal("token_keys_unavailable", "Jwks remote fetch is failed");
export const SIGNATURE = refusal("token_signature", "Jwt verification fails");

export const CRITICAL_HEADER = refusal("token_critical_header", "Jwt header [crit] is not supported");
export const UNENCODED = refusal("token_critical_header", "Jwt header [b64] is not supported");
export const BRINGS_KEY = refusal("token_critical_header", "Jwt header must not bring a key");
export const TOO_LARGE = refusal("token_too_large", "Jwt is too large");
export const TOO_MANY = refusal("token_too_many", "The request carries too many tokens");
export const NO_EXPIRY = refusal("token_without_expiry", "Jwt has no expiry");
export const CONFLICT = refusal("token_conflict", "Another token of the request is not valid");

export function claimNotString(claim: string): TokenRefusal {
  return refusal("token_claim_type", `Jwt payload [${claim}] field is not a string`);
}

export function claimNotInteger(claim: string): TokenRefusal {
  return refusal("token_claim_type", `Jwt payload [${claim}] field is not an integer`);
}

export function claimOutOfRange(claim: string): TokenRefusal {
  return refusal("token_claim_type", `Jwt payload [${claim}] field is not a positive 64 bit integer`);
}
