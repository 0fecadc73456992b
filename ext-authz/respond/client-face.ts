/**
 * The two faces of a refusal: inside a closed code, outside a status and a title that tell the client no more than it
 * needs. One exhaustive table; a new reason does not compile until it has a face here.
 */
import type { Reason } from "../result.ts";

export interface ClientFace {
  readonly status: 401 | 403 | 503;
  readonly title: string;
}

const UNAUTHORIZED: ClientFace = { status: 401, title: "Unauthorized" };
const FORBIDDEN: ClientFace = { status: 403, title: "Forbidden" };
const UNAVAILABLE: ClientFace = { status: 503, title: "Service Unavailable" };

const FACES: Readonly<Record<Reason, ClientFace>> = {
  request_malformed: FORBIDDEN,
  path_ambiguous: FORBIDDEN,
  identity_malformed: FORBIDDEN,
  token_malformed: UNAUTHORIZED,
  token_too_large: UNAUTHORIZED,
  token_too_many: UNAUTHORIZED,
  token_algorithm: UNAUTHORIZED,
  token_critical_header: UNAUTHORIZED,
  token_claim_type: UNAUTHORIZED,
  token_issuer: UNAUTHORIZED,
  token_not_yet_valid: UNAUTHORIZED,
  token_expired: UNAUTHORIZED,
  token_without_expiry: UNAUTHORIZED,
  // Envoy's jwt_authn answers 403 to a good token for somebody else.
  token_audience: FORBIDDEN,
  token_key_unknown: UNAUTHORIZED,
  token_keys_unavailable: UNAUTHORIZED,
  token_signature: UNAUTHORIZED,
  token_conflict: UNAUTHORIZED,
  token_inactive: UNAUTHORIZED,
  token_revoked: UNAUTHORIZED,
  token_type: UNAUTHORIZED,
  token_unbound: UNAUTHORIZED,
  token_confirmation: UNAUTHORIZED,
  token_certificate: UNAUTHORIZED,
  token_proof_missing: UNAUTHORIZED,
  token_proof_invalid: UNAUTHORIZED,
  token_proof_replayed: UNAUTHORIZED,
  api_key_invalid: UNAUTHORIZED,
  peer_not_authenticated: FORBIDDEN,
  denied_by_policy: FORBIDDEN,
  no_policy_allows: FORBIDDEN,
  no_policy: FORBIDDEN,
  internal_error: UNAVAILABLE,
  not_ready: UNAVAILABLE,
  deadline_exceeded: UNAVAILABLE,
  mint_failed: UNAVAILABLE,
  overloaded: UNAVAILABLE,
  introspection_failed: UNAVAILABLE,
  revocation_unavailable: UNAVAILABLE,
};

export function clientFace(reason: Reason): ClientFace {
  return FACES[reason];
}

/** Every reason, for metrics that start at zero and for docs/reasons.md. */
export const allReasons = Object.keys(FACES) as readonly Reason[];
