/** Every refusal of this folder: the closed code for us, the sentence for the client. Constants only. */
import type { CredentialRefusal } from "./credential.ts";

type Code = CredentialRefusal["code"];

function refusal(code: Code, text: string, detail?: string): CredentialRefusal {
  return Object.freeze(detail === undefined ? { code, text } : { code, text, detail });
}

const AUDIENCE_TEXT = "The token is for another audience";
export const INACTIVE = refusal("token_inactive", "The token is not active");
export const NOT_ACCESS_TOKEN = refusal("token_type", "The token is no access token");
export const OTHER_ISSUER = refusal("token_issuer", "The token is of another issuer");
export const EXPIRED = refusal("token_expired", "The token is expired");
export const NOT_YET_VALID = refusal("token_not_yet_valid", "The token is not yet valid");
export const AUDIENCE = refusal("token_audience", AUDIENCE_TEXT);
export const NO_AUDIENCES_LISTED = refusal(
  "token_audience",
  AUDIENCE_TEXT,
  "the TokenIntrospection lists no audiences; list them or set strict: false",
);
export const TOKEN_MALFORMED = refusal("token_malformed", "The token is malformed");
export const TOKEN_TOO_LARGE = refusal("token_too_large", "The token is too large");
export const SEVERAL_TOKENS = refusal("token_conflict", "The request carries several tokens");

export const REVOKED = refusal("token_revoked", "The token has been revoked");

const KEY_TEXT = "The API key is not valid";
export const KEY_UNKNOWN = refusal("api_key_invalid", KEY_TEXT);
export const SEVERAL_KEYS = refusal("api_key_invalid", KEY_TEXT, "the request carries several API keys");

export const UNBOUND = refusal("token_unbound", "The token must be bound to its holder");
export const UNBOUND_DPOP = refusal("token_unbound", "The token is not bound to a DPoP key");
export const CONFIRMATION = refusal("token_confirmation", "The token's binding cannot be checked", "cnf is malformed");
export const NOT_CHECKED = refusal(
  "token_confirmation",
  "The token's binding cannot be checked",
  "cnf names what the ProofOfPossession does not check",
);
export const CERTIFICATE = refusal("token_certificate", "The token is bound to another certificate");
export const NO_CERTIFICATE = refusal("token_certificate", CERTIFICATE.text, "no client certificate was seen");
export const PROOF_MISSING = refusal("token_proof_missing", "The token is bound to a DPoP key and needs its proof");
export const PROOF_REPLAYED = refusal("token_proof_replayed", "The DPoP proof was used before");

/** `detail` is one of our own sentences, never the client's. */
export function proofInvalid(detail: string): CredentialRefusal {
  return refusal("token_proof_invalid", "The DPoP proof is not valid", detail);
}
