/** `countersign.yaml` after reading: total, frozen, nothing downstream says `??`. Durations carry their unit. */

export type PathNormalization = "NONE" | "BASE" | "MERGE_SLASHES" | "DECODE_AND_MERGE_SLASHES";

/** Where the operator's mesh stands; everything that gives policies their meaning. */
export interface MeshSettings {
  readonly rootNamespace: string;
  readonly trustDomain: string;
  readonly trustDomainAliases: readonly string[];
  readonly pathNormalization: PathNormalization;
  /** False = exactly Istio's leniency (DESIGN §5). */
  readonly strict: boolean;
  /** Names that CUSTOM policies may call; anything else fails closed for the requests that match. */
  readonly extensionProviders: readonly string[];
}

/** Bounds on what comes from outside (DESIGN §6.5). */
export interface Limits {
  /** Characters of one token; default 16384. */
  readonly tokenLength: number;
  /** Tokens looked at in one request; default 8. */
  readonly tokens: number;
  /** Nesting of any JSON that is parsed; default 32. */
  readonly jsonDepth: number;
  /** Characters of a path; default 8192. */
  readonly pathLength: number;
  /** Checks under way at once in one process; default 1000. */
  readonly checks: number;
}

export interface JwksSettings {
  /** Seconds between refreshes; default 1200 (Istio's 20 minutes). */
  readonly refreshSeconds: number;
  /** Seconds: the shortest time between two refreshes, however short-lived an answer says it is; default 300. */
  readonly minRefreshSeconds: number;
  /**
   * Seconds that an answer must stand which shares no key with the one before, until the keys before cease to count; 0 = they
   * cease at once; default 3600.
   */
  readonly replaceSeconds: number;
  /** Seconds that the last good keys serve after refreshes began to fail; default 86400. */
  readonly staleSeconds: number;
  /** Seconds between fetches provoked by an unknown `kid`; default 30. */
  readonly cooldownSeconds: number;
  /** Bytes of one answer; default 1 MiB. */
  readonly maxBytes: number;
  /** PEM bundle to trust besides the system's; "" = none. */
  readonly caFile: string;
  /** Folder of our own where last good keys outlive the process; "" = nowhere. */
  readonly folder: string;
  /** Allow link-local and metadata addresses (tests); loopback and private ranges are always allowed; default false. */
  readonly allowPrivateAddresses: boolean;
}

export interface MintSettings {
  /** `iss` of internal tokens; "" = no minting is configured. */
  readonly issuer: string;
  /** PKCS#8 PEM file of the signing key (ES256); "" = a key made at start, lost at stop. */
  readonly keyFile: string;
}

/** Decisions as JSON lines, for audits and for `countersign replay`. */
export interface DecisionLogSettings {
  /** "" = no file. */
  readonly file: string;
  /** To standard output. */
  readonly stdout: boolean;
  /** Share of decisions that are written, 0 to 1; default 1. */
  readonly sample: number;
  /** Of one file, which then becomes `<file>.1`; default 100 MiB. */
  readonly maxBytes: number;
  /** Lower-case names that are kept besides those that policies read. */
  readonly headers: readonly string[];
  readonly claims: readonly string[];
  /** Names whose values are not kept, though policies read them. */
  readonly maskHeaders: readonly string[];
  readonly maskClaims: readonly string[];
}

/** TLS on both listeners that have a port; a Unix socket is guarded by its folder. Absolute paths. */
export interface TlsSettings {
  /** PEM chain, our own certificate first. */
  readonly certFile: string;
  readonly keyFile: string;
  /** PEM bundle; "" = clients need no certificate. */
  readonly clientCaFile: string;
  /** `URI:…` or `DNS:…`, compared whole; empty = every client that the bundle vouches for. */
  readonly allowedSans: readonly string[];
}

/** Where spans of checks and key fetches go (OTLP over HTTP, JSON). */
export interface TracingSettings {
  /** The whole URL, as `http://collector:4318/v1/traces`; "" = no tracing, at no cost. */
  readonly endpoint: string;
  /** Share of the requests without a `traceparent` that begin a trace, 0 to 1; default 0.1. With one, its flag decides. */
  readonly sampleRatio: number;
  /** `name: value` lines that the collector wants, such as a key; "" = none. */
  readonly headersFile: string;
  /** `service.name`; default "countersign". */
  readonly serviceName: string;
}

/** Keys of stamps that proxies fetch (docs/filter.md). Absolute paths. */
export interface StampKeysSettings {
  readonly file: string;
  /** Holds the bearer token that may ask for all. */
  readonly tokenFile: string;
  /** Holds the bearer token that may ask for what verifies alone; "" = none may. */
  readonly verifyTokenFile: string;
  /** Seconds that a proxy may use what it was given without asking again; default 86400. */
  readonly lifetimeSeconds: number;
}

/** Decisions that the proxy may repeat (docs/grants.md). */
export interface GrantSettings {
  /** Default true; the proxy uses them only where its guard is told to. */
  readonly enabled: boolean;
  /** Milliseconds that a grant may live; default 5000, at most 60000. */
  readonly maxTtlMs: number;
}

/** The life of the process. */
export interface ServingSettings {
  /** Seconds between NOT_SERVING and GOAWAY at a stop, for health checks to see it; default 0. */
  readonly drainSeconds: number;
  /** Seconds that checks under way get after GOAWAY; default 5. */
  readonly graceSeconds: number;
  /** Milliseconds that a check may have waited in an overload; longer is answered `overloaded`; 0 = never; default 50. */
  readonly maxWaitMs: number;
  /** Load the policies again when their files change; default true. */
  readonly watch: boolean;
}

export interface Settings {
  readonly listen: { readonly grpc: string; readonly http: string; readonly tls?: TlsSettings };
  readonly serving: ServingSettings;
  readonly workers: number;
  /** Absolute files and folders. */
  readonly policies: readonly string[];
  /** Absolute files and folders of a whole candidate set, evaluated beside `policies` and never answering; empty = none. */
  readonly shadowPolicies: readonly string[];
  readonly mesh: MeshSettings;
  readonly clientAddress: { readonly useRemoteAddress: boolean; readonly xffNumTrustedHops: number };
  readonly workload: {
    readonly namespace: string;
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly limits: Limits;
  /** Seconds of leeway on `exp` and `nbf`; default 60, as Envoy. */
  readonly clockSkewSeconds: number;
  readonly jwks: JwksSettings;
  readonly mint: MintSettings;
  /** Undefined = no stamp key is served. */
  readonly stampKeys?: StampKeysSettings;
  readonly grants: GrantSettings;
  readonly decisionLog: DecisionLogSettings;
  readonly tracing: TracingSettings;
  /** Level of the log on standard error. */
  readonly log: "debug" | "info" | "warn" | "error";
}
