/**
 * Expected failures are values. `Result` carries them; what is thrown is a bug or a broken set-up.
 * The reasons below are the closed set of answers to "why not": stable, snake_case, metric labels, dynamic metadata.
 * `docs/reasons.md` lists every one; `respond/` maps each to what the client may know.
 */

export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** Refused because of what the request is: before any token or policy is looked at. */
export type RequestReason = "request_malformed" | "path_ambiguous" | "identity_malformed";

/** Refused because of a token. All but `token_audience` answer 401. */
export type TokenReason =
  | "token_malformed"
  | "token_too_large"
  | "token_too_many"
  | "token_algorithm"
  | "token_critical_header"
  | "token_claim_type"
  | "token_issuer"
  | "token_not_yet_valid"
  | "token_expired"
  | "token_without_expiry"
  | "token_audience"
  | "token_key_unknown"
  | "token_keys_unavailable"
  | "token_signature"
  | "token_conflict"
  | "token_inactive"
  | "token_revoked"
  | "token_type"
  | "token_unbound"
  | "token_confirmation"
  | "token_certificate"
  | "token_proof_missing"
  | "token_proof_invalid"
  | "token_proof_replayed";

/** Refused because of a credential that is no token: answers 401. */
export type CredentialReason = "api_key_invalid";

/** Refused by policy: answers 403. */
export type PolicyReason = "peer_not_authenticated" | "denied_by_policy" | "no_policy_allows" | "no_policy";

/** Our own failure: answers 503, never 403 and never an allow. */
export type ErrorReason =
  | "internal_error"
  | "not_ready"
  | "deadline_exceeded"
  | "mint_failed"
  | "overloaded"
  | "introspection_failed"
  | "revocation_unavailable";

export type DenyReason = RequestReason | TokenReason | CredentialReason | PolicyReason;
export type Reason = DenyReason | ErrorReason;

/** One refusal: the closed code, and the sentence the client gets (Istio's own text where Istio has one). */
export interface Refusal<C extends DenyReason = DenyReason> {
  readonly code: C;
  /** Coarse text for the client. Never holds token bytes, key ids or policy names. */
  readonly text: string;
  /** For the operator only: logs and explanations. Never holds token bytes. */
  readonly detail?: string;
}
