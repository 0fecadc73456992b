/**
 * The edge between keys and network, as types: how one document is asked for and what can come back. `jwks-fetch.ts` does
 * it over HTTP; tests may do it from a table.
 */
import type { Result } from "../result.ts";

export interface JwksRequest {
  readonly url: string;
  /** Of the last good answer from this URL; "" = none. */
  readonly etag: string;
  readonly maxBytes: number;
  /** The caller's trace (W3C Trace Context), for the issuer's own traces. */
  readonly traceparent?: string;
  /** Ends the exchange at any point. */
  readonly signal: AbortSignal;
}

interface Freshness {
  /** What the answer says of its freshness, in seconds; absent = nothing. */
  readonly freshSeconds?: number;
}

export type JwksAnswer =
  | (Freshness & { readonly kind: "unchanged" })
  | (Freshness & { readonly kind: "document"; readonly text: string; readonly etag: string });

/** Never rejects. The error is for logs and state: no body, no credentials of a URL. */
export type JwksFetch = (request: JwksRequest) => Promise<Result<JwksAnswer, string>>;
