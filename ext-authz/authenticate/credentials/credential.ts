/**
 * The words of this folder, as types: what a request presented and was verified, what judges it further, and how that can
 * end. A refusal is the client's affair (401); an outage is ours (503), and never becomes a refusal or an acceptance.
 */
import type { Read } from "../../grant/read.ts";
import type { PolicyRef, RequestModel, VerifiedToken } from "../../model.ts";
import type { CredentialReason, ErrorReason, Refusal, Result, TokenReason } from "../../result.ts";

export type CredentialRefusal = Refusal<TokenReason | CredentialReason>;

export interface Outage {
  readonly failure: ErrorReason;
  /** For the log. */
  readonly detail: string;
}

export type Refused = CredentialRefusal | Outage;

export interface Credential {
  readonly kind: "jwt" | "opaque" | "api-key";
  readonly token: VerifiedToken;
}

/** A DPoP proof that holds, and so may be used once. */
export interface Proof {
  /** Of the key that made it (RFC 7638), base64url. */
  readonly thumbprint: string;
  /** Its `jti`. */
  readonly id: string;
  /** Seconds since the epoch; afterwards it is refused for its age alone. */
  readonly until: number;
}

/** One resource that says which verified credentials still count. Pure; `now` in seconds. */
export interface Judge {
  readonly policy: PolicyRef;
  /** Looks, but refuses nothing. */
  readonly shadow: boolean;
  /** What of the request `judge` looks at; a proof that is to be used up may look at more. */
  readonly reads: readonly Read[];
  readonly judge: (credential: Credential, request: RequestModel, now: number) => Result<Proof | undefined, Refused>;
}
