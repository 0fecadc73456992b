/**
 * The shapes of the resources that speak of credentials beyond the JWTs of RequestAuthentication, after reading and
 * validation (countersign.dev/v1alpha1). Field names are those of the resources' own API; types only.
 */
import type { JsonObject } from "../model.ts";
import type { Meta } from "./resource.ts";

interface Places {
  /** Lower-case names; empty together with `fromParams` = the kind's default place. */
  readonly fromHeaders: readonly { readonly name: string; readonly prefix: string }[];
  readonly fromParams: readonly string[];
  /** Whether the credential travels on to the service. */
  readonly forward: boolean;
}

/** Opaque tokens, asked for at the authorization server (RFC 7662). */
export interface TokenIntrospection extends Meta, Places {
  readonly kind: "TokenIntrospection";
  readonly endpoint: string;
  readonly clientId: string;
  /** Read at each call, so that a rotated secret counts at once. */
  readonly clientSecretFile: string;
  /** Reported as `iss`; an answer that names another issuer is refused. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** Seconds that an answer is remembered, never beyond the token's `exp`; 0 = not at all. */
  readonly cacheSeconds: number;
  readonly timeoutMs: number;
}

/** Tokens that only their holder may use: bound to a certificate (RFC 8705) or to a key (RFC 9449). */
export interface ProofOfPossession extends Meta {
  readonly kind: "ProofOfPossession";
  readonly method: "mtls" | "dpop" | "any";
  /** True: a token that is bound to nothing is refused. */
  readonly required: boolean;
  /** Where the client's certificate is seen: what Envoy verified itself, or `x-forwarded-client-cert`. */
  readonly certificate: "peer" | "xfcc";
  /** Elements at the right end of `x-forwarded-client-cert` that trusted proxies behind the client's added. */
  readonly xfccTrustedHops: number;
  /** What the client addressed, where a proxy in front changed it; "" = as the request says. */
  readonly htu: { readonly scheme: "" | "http" | "https"; readonly host: string };
  /** Seconds that a DPoP proof may be old. */
  readonly proofAgeSeconds: number;
}

/** What is no longer accepted although it has not ended. Exactly one of `path` and `uri`. */
export interface Revocation extends Meta {
  readonly kind: "Revocation";
  /** Of the file that holds the list (`spec.file`). */
  readonly path: string | undefined;
  readonly uri: string | undefined;
  /** A revocation counts at the latest after so many seconds. */
  readonly intervalSeconds: number;
  /** Seconds that the last good list serves when it cannot be read any more; then requests with tokens fail. */
  readonly maxAgeSeconds: number;
}

export interface Consumer {
  /** Reported as `sub`. */
  readonly name: string;
  /** Of the key, 64 lower-case hex digits. */
  readonly sha256: string;
  readonly claims: JsonObject;
}

export interface ApiKeys extends Meta, Places {
  readonly kind: "ApiKeys";
  /** Reported as `iss`. */
  readonly issuer: string;
  readonly consumers: readonly Consumer[];
}

/** Which JWTs are access tokens at all (RFC 9068). */
export interface TokenProfile extends Meta {
  readonly kind: "TokenProfile";
  /** Empty = every issuer. */
  readonly issuers: readonly string[];
  readonly type: "at+jwt";
}

export type CredentialResource = TokenIntrospection | ProofOfPossession | Revocation | ApiKeys | TokenProfile;
