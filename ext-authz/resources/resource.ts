/**
 * The shapes of what operators write, after reading and validation. Everything downstream may trust these types;
 * `read.ts` is the only door. Field names are those of the resources' own API.
 */
import type { JsonObject } from "../model.ts";
import type { AccessPolicy } from "./access-policy-resource.ts";
import type { CredentialResource } from "./credential-resource.ts";

export interface TargetReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
}

/** Which workloads a resource speaks of. Both empty = all in scope. */
export interface Target {
  readonly matchLabels: ReadonlyMap<string, string>;
  readonly targetRefs: readonly TargetReference[];
}

export interface Meta {
  readonly namespace: string;
  readonly name: string;
  readonly target: Target;
  /** `istio.io/dry-run` is true, or `mode: shadow`. */
  readonly shadow: boolean;
  /** Where it was read, for messages. */
  readonly file: string;
  readonly line: number;
}

export interface RequestAuthentication extends Meta {
  readonly kind: "RequestAuthentication";
  readonly jwtRules: readonly JwtRule[];
}

export interface JwtRule {
  /** "" only together with `jwksUri`: any issuer. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly jwksUri: string | undefined;
  /** Inline JWKS text. With neither this nor `jwksUri`: OIDC discovery at the issuer. */
  readonly jwks: string | undefined;
  readonly fromHeaders: readonly { readonly name: string; readonly prefix: string }[];
  readonly fromParams: readonly string[];
  readonly fromCookies: readonly string[];
  readonly forwardOriginalToken: boolean;
  readonly outputPayloadToHeader: string | undefined;
  readonly outputClaimToHeaders: readonly { readonly header: string; readonly claim: string }[];
  readonly spaceDelimitedClaims: readonly string[];
  /** Milliseconds for one JWKS fetch; default 5000. */
  readonly timeoutMs: number;
}

export type PolicyAction = "ALLOW" | "DENY" | "AUDIT" | "CUSTOM";

export interface AuthorizationPolicy extends Meta {
  readonly kind: "AuthorizationPolicy";
  readonly action: PolicyAction;
  /** `undefined` (no `rules`) never matches; `[{}]` matches everything. */
  readonly rules: readonly Rule[] | undefined;
  readonly provider: string | undefined;
}

export interface Rule {
  /** `undefined` = any. */
  readonly from: readonly Source[] | undefined;
  readonly to: readonly Operation[] | undefined;
  readonly when: readonly Condition[];
}

/** Lists are `undefined` when not written; never empty. */
export type Source = { readonly [F in SourceField]?: readonly string[] };
export type SourceField =
  | "principals"
  | "notPrincipals"
  | "requestPrincipals"
  | "notRequestPrincipals"
  | "namespaces"
  | "notNamespaces"
  | "serviceAccounts"
  | "notServiceAccounts"
  | "trustDomains"
  | "notTrustDomains"
  | "ipBlocks"
  | "notIpBlocks"
  | "remoteIpBlocks"
  | "notRemoteIpBlocks";

export type Operation = { readonly [F in OperationField]?: readonly string[] };
export type OperationField =
  | "hosts"
  | "notHosts"
  | "ports"
  | "notPorts"
  | "methods"
  | "notMethods"
  | "paths"
  | "notPaths";

export interface Condition {
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

export interface PeerAuthentication extends Meta {
  readonly kind: "PeerAuthentication";
  readonly mode: "UNSET" | "DISABLE" | "PERMISSIVE" | "STRICT";
  readonly portLevelMtls: ReadonlyMap<number, "UNSET" | "DISABLE" | "PERMISSIVE" | "STRICT">;
}

/** What to mint for whom (DESIGN §5 "Internal token"). */
export interface InternalToken extends Meta {
  readonly kind: "InternalToken";
  readonly audience: string;
  /** Seconds; never beyond the incoming token's own end. */
  readonly lifetimeSeconds: number;
  /** Lower-case header that carries it inside; default `txn-token`. */
  readonly header: string;
  /** Claim of the new token → claim of the incoming token (dots for nesting). */
  readonly claims: readonly { readonly claim: string; readonly from: string }[];
  /** Claims with a fixed value. */
  readonly constants: JsonObject;
}

export type Resource =
  | RequestAuthentication
  | AuthorizationPolicy
  | PeerAuthentication
  | InternalToken
  | CredentialResource
  | AccessPolicy;

/** One thing wrong in a file. `path` is the field as `spec.rules[0].to[0].operation.paths[1]`. Lines count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
  /** What would be right. */
  readonly hint?: string;
  readonly severity: "error" | "warning";
}
