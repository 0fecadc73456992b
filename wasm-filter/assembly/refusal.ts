/**
 * Why a request was refused: the closed set of reasons with what the client may know of each. The codes are those of
 * ext-authz/result.ts, and those of the stamp's own. They are metric names and response code details. No effects.
 */

export class Refusal {
  /** `text` is the sentence for the client. */
  constructor(
    public reason: string,
    public text: string,
  ) {}
}

/** Every reason, in the order of the checks. */
export const REASONS: string[] = [
  "headers_unreadable",
  "stamp_missing",
  "stamp_invalid",
  "stamp_expired",
  "stamp_replayed",
  "stamp_store_full",
  "request_malformed",
  "path_ambiguous",
  "credentials_missing",
  "token_too_large",
  "token_malformed",
  "token_algorithm",
  "token_without_expiry",
  "token_expired",
  "token_not_yet_valid",
  "internal_error",
];

/** 503 for our own failures, 401 for tokens, else 403. */
export function statusOf(reason: string): u32 {
  if (reason == "headers_unreadable" || reason == "stamp_store_full" || reason == "internal_error") return 503;
  return reason.startsWith("token_") || reason == "credentials_missing" ? 401 : 403;
}

/** RFC 9110 §15 reason phrase. */
export function titleOf(status: u32): string {
  if (status == 503) return "Service Unavailable";
  return status == 401 ? "Unauthorized" : "Forbidden";
}

/** RFC 6750 §3; "" where no challenge belongs. */
export function challengeOf(reason: string): string {
  if (reason == "credentials_missing") return "Bearer";
  return reason.startsWith("token_") ? 'Bearer error="invalid_token"' : "";
}

/** RFC 9457 body. Our texts hold nothing that JSON would escape. */
export function problemOf(refusal: Refusal): string {
  const status = statusOf(refusal.reason);
  return `{"type":"about:blank","title":"${titleOf(status)}","status":${status},"detail":"${refusal.text}"}`;
}
