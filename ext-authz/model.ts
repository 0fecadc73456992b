/**
 * The values that flow through the stages, in the order in which they appear. All of them are immutable and none knows
 * the wire: `transport/decode-check-request.ts` makes the first and `transport/encode-check-response.ts` reads the last.
 */
import type { DenyReason, ErrorReason, PolicyReason, Refusal } from "./result.ts";

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** Parsed from outside: read own properties only (`Object.hasOwn`), a claim may be called `__proto__`. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Lower-case header name → every line's value, in order. Pseudo headers are not in here. */
export type Headers = ReadonlyMap<string, readonly string[]>;

/** What we protect. Selectors look at `labels`; `name` is for people. */
export interface Workload {
  readonly namespace: string;
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
}

/** An address as 4 or 16 bytes; IPv4-mapped IPv6 is already IPv4. */
export interface IpAddress {
  readonly bytes: Uint8Array;
  readonly text: string;
}

export interface Peer {
  readonly address: IpAddress | undefined;
  readonly port: number;
}

/** Our own view of one request; the only thing that stages read. */
export interface RequestModel {
  readonly protocol: "http" | "tcp";
  /** Case as sent; "" for TCP. */
  readonly method: string;
  /** Normalized as the Envoy in front was told to, without query and fragment; "" when there is none. */
  readonly path: string;
  /** Without the `?`; "" when there is none. */
  readonly query: string;
  readonly scheme: string;
  /** `:authority` with its port, case as sent; undefined when there is none. */
  readonly host: string | undefined;
  readonly headers: Headers;
  /** The direct TCP peer (DESIGN §5: `source.ip`). */
  readonly source: Peer;
  readonly destination: Peer;
  /** The client behind trusted proxies (`remote.ip`). */
  readonly remoteAddress: IpAddress | undefined;
  /** The peer's SPIFFE identity without `spiffe://`, as `td/ns/x/sa/y`; undefined when the peer proved none. */
  readonly sourcePrincipal: string | undefined;
  /** PEM (not URL-encoded), when Envoy sends it. */
  readonly peerCertificate: string | undefined;
  /** Lower-case TLS server name; "" when there is none. */
  readonly sni: string;
  readonly workload: Workload;
  /** Dynamic metadata that Envoy sends with the check, by filter name. */
  readonly metadata: ReadonlyMap<string, JsonObject>;
  /** Envoy's `x-request-id`, for correlation in logs; "" when there is none. */
  readonly requestId: string;
}

/** Changes to the request on its way upstream. Names are lower-case. `set` overwrites every line of that name. */
export interface HeaderChanges {
  readonly remove: readonly string[];
  readonly set: readonly (readonly [name: string, value: string])[];
  readonly removeQueryParameters: readonly string[];
}

/** A token that verified. `raw` is secret: it may be used as a cache key or thumbprint, never logged. */
export interface VerifiedToken {
  readonly raw: string;
  readonly issuer: string;
  readonly subject: string | undefined;
  /** Seconds since the epoch; undefined when the token has no `exp` (only with `strict: false`). */
  readonly expiresAt: number | undefined;
  /** As signed. */
  readonly claims: JsonObject;
}

/** What authentication found. No token at all is a fine outcome: policy decides what that may do. */
export interface Authentication {
  readonly token: VerifiedToken | undefined;
  /** `claims` after Istio's space-delimited claims were split: what policy matches on. */
  readonly payload: JsonObject | undefined;
  readonly changes: HeaderChanges;
  /** Absent: nobody says, so nothing that is decided from it is granted. */
  readonly repeatable?: Repeatable;
}

/** How far equal credentials will be found as these were. Refusals are not in here: they are never repeated. */
export interface Repeatable {
  /** Seconds since the epoch at which time alone may change what is found; infinity = never. */
  readonly until: number;
  /** Why it must not be repeated at all. */
  readonly never?: "one_time" | "several_tokens";
}

/** Where a policy stands. Platform = the root namespace; application = a namespace; service = with a selector. */
export type Layer = "platform" | "application" | "service";

export interface PolicyRef {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly layer: Layer;
  /** Index in `spec.rules`; -1 when the policy decided as a whole. */
  readonly rule: number;
}

/** What `authorize` says. There is no default: every value is built in one place for one cause. */
export type Verdict =
  | { readonly effect: "allow"; readonly policy: PolicyRef | undefined; readonly shadow: readonly ShadowVerdict[] }
  | {
      readonly effect: "deny";
      readonly refusal: Refusal<PolicyReason>;
      readonly policy: PolicyRef | undefined;
      readonly shadow: readonly ShadowVerdict[];
    };

/** What a dry-run policy would have done. Never changes an answer. */
export interface ShadowVerdict {
  readonly policy: PolicyRef;
  readonly action: "ALLOW" | "DENY" | "AUDIT";
}

/**
 * What a decision was made from, for explanations and the decision log, which keep an extract of it. Holds tokens: it is
 * never printed or kept whole.
 */
export interface Evidence {
  /** As it came in. */
  readonly received: RequestModel;
  /** As policies saw it; undefined when it was refused before they were asked. */
  readonly judged: RequestModel | undefined;
  readonly payload: JsonObject | undefined;
}

interface Decided {
  /** Absent when there was no readable request, or no snapshot. */
  readonly evidence?: Evidence;
  readonly id: string;
  readonly revision: string;
  readonly policy: PolicyRef | undefined;
  /** `iss/sub` of the verified token, for people; "" when there is none. Never match on it. */
  readonly principal: string;
  readonly shadow: readonly ShadowVerdict[];
}

export interface Allow extends Decided {
  readonly effect: "allow";
  readonly changes: HeaderChanges;
  /** The text by which the proxy may repeat this answer (docs/grants.md); absent = it may not. */
  readonly grant?: string;
}

export interface Deny extends Decided {
  readonly effect: "deny";
  readonly refusal: Refusal<DenyReason>;
  /** The absolute target that was asked for, for `WWW-Authenticate`; at most 256 characters of path. */
  readonly realm: string;
  /** True when a token was presented and refused (RFC 6750 §3.1 `invalid_token`). */
  readonly invalidToken: boolean;
}

export interface Failure extends Decided {
  readonly effect: "error";
  readonly reason: ErrorReason;
  /** For the log only. */
  readonly cause?: unknown;
}

export type Decision = Allow | Deny | Failure;
