/**
 * Why a request was refused: the closed set of reasons with what the client may know of each. The codes are those of
 * ext-authz/result.ts, and the filter's own. They are metric names and response code details. No effects.
 */
import { decimal } from "./ascii";

export class Refusal {
  /** `text` is the sentence for the client; `header` one more header of the answer. */
  constructor(
    public reason: string,
    public text: string,
    public header: string[] | null = null,
  ) {}
}

/** Every reason, in the order of the checks. */
export const REASONS: string[] = [
  "headers_unreadable",
  "rate_limited",
  "headers_too_large",
  "method_not_allowed",
  "content_type_unsupported",
  "body_too_large",
  "keys_missing",
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
  "token_issuer",
  "token_audience",
  "response_unsigned",
  "response_invalid",
  "internal_error",
];
/** The status of each. */
const STATUSES: u32[] = [
  503, 429, 431, 405, 415, 413, 503, 403, 403, 403, 403, 503, 403, 403, 401, 401, 401, 401, 401, 401, 401, 401, 403,
  502, 502, 503,
];

/** 503, our own failure, for a reason that is not in the set. */
export function statusOf(reason: string): u32 {
  const at = REASONS.indexOf(reason);
  return at < 0 ? 503 : STATUSES[at];
}

/** RFC 9110 §15 and RFC 6585 reason phrases. */
export function titleOf(status: u32): string {
  if (status == 401) return "Unauthorized";
  if (status == 403) return "Forbidden";
  if (status == 405) return "Method Not Allowed";
  if (status == 413) return "Content Too Large";
  if (status == 415) return "Unsupported Media Type";
  if (status == 429) return "Too Many Requests";
  if (status == 502) return "Bad Gateway";
  return status == 431 ? "Request Header Fields Too Large" : "Service Unavailable";
}

/** RFC 6750 §3; "" where no challenge belongs. */
export function challengeOf(reason: string): string {
  if (reason == "credentials_missing") return "Bearer";
  return statusOf(reason) == 401 ? 'Bearer error="invalid_token"' : "";
}

/** RFC 9457 body. Our texts hold nothing that JSON would escape. */
export function problemOf(refusal: Refusal): string {
  const status = statusOf(refusal.reason);
  return `{"type":"about:blank","title":"${titleOf(status)}","status":${decimal(status)},"detail":"${refusal.text}"}`;
}

export function unreadable(): Refusal {
  return new Refusal("headers_unreadable", "The request could not be read");
}

/** Until keys were fetched. */
export function keyless(): Refusal {
  return new Refusal("keys_missing", "The request could not be processed");
}

export function failed(): Refusal {
  return new Refusal("internal_error", "The request could not be processed");
}
