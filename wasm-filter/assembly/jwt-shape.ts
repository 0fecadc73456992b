/**
 * What can be seen of a JWT without its key. In comes a token, out goes a reason to refuse it or nothing: never a reason
 * to believe it. What is in doubt passes, the server decides. Texts: Envoy jwt_authn's own. No effects.
 */
import { find, findText } from "./ascii";
import { decodeBase64, isBase64Url, URL_SAFE } from "./base64";
import { JsonDocument } from "./json";
import { ARRAY, NUMBER, OBJECT, STRING } from "./json-node";
import { Refusal } from "./refusal";

/** Looser than the server's bound, which decides. */
const MAX_DEPTH: i32 = 64;
const FORM = "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";

export class TokenRules {
  /** Bytes. */
  maxLength: i32 = 16384;
  /** Seconds, both ways. */
  clockSkew: i64 = 60;
  requireExpiry: bool = true;
  algorithms: string[] = [];
  /** Empty = left to the server. */
  issuers: string[] = [];
  audiences: string[] = [];
}

/** `now` in seconds. */
export function refuseToken(token: Uint8Array, rules: TokenRules, now: i64): Refusal | null {
  if (token.length > rules.maxLength) return new Refusal("token_too_large", "Jwt is too large");
  const first = find(token, 0x2e, 0, token.length);
  const second = first < 0 ? -1 : find(token, 0x2e, first + 1, token.length);
  if (first <= 0 || second <= first + 1 || second == token.length - 1) return malformed(FORM);
  if (find(token, 0x2e, second + 1, token.length) >= 0) return malformed(FORM);
  if (!isBase64Url(token, second + 1, token.length)) return malformed("Jwt signature is an invalid Base64url encoded");

  const headerBytes = decodeBase64(token, 0, first, URL_SAFE);
  if (headerBytes === null) return malformed("Jwt header is an invalid Base64url encoded");
  const header = new JsonDocument(headerBytes, MAX_DEPTH);
  if (header.problem != "" || header.kind(0) != OBJECT) return malformed("Jwt header is an invalid JSON");
  const algorithm = header.member(0, "alg");
  if (header.kind(algorithm) != STRING) {
    return new Refusal("token_algorithm", "Jwt header [alg] field is required and must be a string");
  }
  if (!rules.algorithms.includes(header.text(algorithm))) {
    return new Refusal("token_algorithm", "Jwt header [alg] is not supported");
  }

  const payloadBytes = decodeBase64(token, first + 1, second, URL_SAFE);
  if (payloadBytes === null) return malformed("Jwt payload is an invalid Base64url encoded");
  const payload = new JsonDocument(payloadBytes, MAX_DEPTH);
  if (payload.problem != "" || payload.kind(0) != OBJECT) return malformed("Jwt payload is an invalid JSON");
  const untimely = refuseTimes(payload, rules, now);
  return untimely !== null ? untimely : refuseOrigin(payload, rules);
}

/** `exp` 0 is a missing one, as in Envoy. A claim of a wrong type is the server's to refuse. */
function refuseTimes(payload: JsonDocument, rules: TokenRules, now: i64): Refusal | null {
  const notBefore = payload.member(0, "nbf");
  if (payload.kind(notBefore) == NUMBER && Math.trunc(payload.number(notBefore)) > <f64>(now + rules.clockSkew)) {
    return new Refusal("token_not_yet_valid", "Jwt not yet valid");
  }
  const expires = payload.member(0, "exp");
  const missing = expires < 0 || (payload.kind(expires) == NUMBER && Math.trunc(payload.number(expires)) == 0);
  if (missing) {
    return rules.requireExpiry ? new Refusal("token_without_expiry", "Jwt has no expiry") : null;
  }
  // Envoy drops the fraction: a token ends within its last second.
  if (payload.kind(expires) == NUMBER && <f64>now > Math.trunc(payload.number(expires)) + <f64>rules.clockSkew) {
    return new Refusal("token_expired", "Jwt is expired");
  }
  return null;
}

/** Only what is there and says another name is refused; a missing claim is the server's to judge. */
function refuseOrigin(payload: JsonDocument, rules: TokenRules): Refusal | null {
  const issuer = payload.member(0, "iss");
  if (rules.issuers.length > 0 && payload.kind(issuer) == STRING && !rules.issuers.includes(payload.text(issuer))) {
    return new Refusal("token_issuer", "Jwt issuer is not configured");
  }
  const audience = payload.member(0, "aud");
  if (rules.audiences.length == 0 || audience < 0) return null;
  const isList = payload.kind(audience) == ARRAY;
  const end = isList ? payload.nodes.next(audience) : audience + 1;
  for (let at = isList ? audience + 1 : audience; at < end; at = payload.nodes.next(at)) {
    if (payload.kind(at) != STRING || rules.audiences.includes(payload.text(at))) return null;
  }
  return new Refusal("token_audience", "Audiences in Jwt are not allowed");
}

function malformed(text: string): Refusal {
  return new Refusal("token_malformed", text);
}

/** The algorithm's name as written in a configuration: one that jwt_authn knows. */
export function isKnownAlgorithm(name: string): bool {
  if (name == "EdDSA") return true;
  if (name.length != 5) return false;
  const family = name.slice(0, 2);
  const size = name.slice(2);
  return (
    (family == "RS" || family == "PS" || family == "ES" || family == "HS") &&
    (size == "256" || size == "384" || size == "512")
  );
}

const BEARER = "Bearer ";

/** The token of one `authorization` line, or null: "Bearer " anywhere, case-sensitive, then junk skipped (istio §3.3). */
export function bearerToken(value: Uint8Array): Uint8Array | null {
  const at = findText(value, BEARER);
  if (at < 0) return null;
  let from = at + BEARER.length;
  while (from < value.length && value[from] != 0x2e && !isBase64Url(value, from, from + 1)) from++;
  return value.subarray(from);
}
