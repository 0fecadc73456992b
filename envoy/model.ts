/**
 * The one description that all Envoy configuration is made from: a zone, its entry, what it checks and where it sends
 * requests. In: written by `samples.ts`, the demo, the tests. Out: read by the small makers beside this file. No effects.
 */

export interface SocketAddress {
  readonly host: string;
  /** 0 = a free one, for tests. */
  readonly port: number;
}

/** What the route's target is to Countersign: goes into `context_extensions` (DESIGN §5). */
export interface RouteWorkload {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Route {
  readonly prefix: string;
  /** What the prefix becomes upstream; undefined = the path stays. */
  readonly rewrite: string | undefined;
  /** Name of one of the zone's upstreams. */
  readonly upstream: string;
  readonly workload: RouteWorkload;
  /** Another match than the prefix, as Envoy's RouteMatch: a path template, say. */
  readonly match?: Config;
  /** Further fields of Envoy's RouteAction: other rewrites, retries, redirects followed inside. */
  readonly action?: Config;
}

export interface Upstream {
  readonly name: string;
  readonly address: SocketAddress;
  /** Whether requests are stamped on their way there; needs `Zone.stamps`. */
  readonly stamp: boolean;
}

/** When a key counts; both in seconds since the epoch, both open unless given. */
interface KeyTimes {
  readonly id: string;
  readonly notBefore?: number;
  readonly notAfter?: number;
}

/** A key of the stamp's HMAC ring, in full: whoever reads the filter's configuration can stamp. */
export interface SharedKey extends KeyTimes {
  /** base64url, 32 bytes or more. Secret: goes into the filter's configuration and nowhere else. */
  readonly secret: string;
}

/** The same, where the secret is in the proxy's environment only. */
export interface SharedKeyInEnvironment extends KeyTimes {
  /** Name of a variable of the Envoy process. */
  readonly secretEnv: string;
}

type PairAlgorithm = "ecdsa-p256-sha256" | "rsa-v1_5-sha256";

/** Half of a key pair: guards have the public one, stamps the private one. Texts are base64 of SPKI and PKCS#8. */
export type KeyHalf = KeyTimes & { readonly algorithm: PairAlgorithm } & (
    | { readonly publicKey: string }
    | { readonly publicKeyEnv: string }
    | { readonly privateKey: string }
    | { readonly privateKeyEnv: string }
  );

/** A key of the ring, as the filter reads it (docs/filter.md "Keys"). */
export type StampKey = SharedKey | SharedKeyInEnvironment | KeyHalf;

/** Where a stand fetches its keys (docs/filter.md "Keys by callout"). */
export interface KeysFrom {
  /** The server's HTTP side. */
  readonly address: SocketAddress;
  /** A cluster that is there already and leads to it; ours is made unless given. */
  readonly cluster?: string;
  /** Name of a variable of the Envoy process: the bearer token. */
  readonly tokenEnv: string;
  readonly pollMilliseconds?: number;
}

/** A key ring: what is configured, what is fetched, or both. */
export interface Keys {
  /** May be empty beside `keysFrom`. */
  readonly keys: readonly StampKey[];
  readonly keysFrom?: KeysFrom;
}

/** The compiled filter that the proxy fetches itself: nothing but these very bytes is run. */
export interface RemoteFilter {
  readonly url: string;
  /** Cluster of the proxy that leads to the URL's host. */
  readonly cluster: string;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

/** What the guard asks of a bearer token before any RPC (only what ext-authz would refuse too). */
export interface TokenCheck {
  readonly required: boolean;
  readonly openPaths: readonly string[];
  readonly maxLength: number;
  readonly clockSkewSeconds: number;
  readonly requireExpiry: boolean;
  readonly algorithms: readonly string[];
}

/** The stamps that this zone's guard accepts. */
export interface StampCheck extends Keys {
  readonly zones: readonly string[];
  /** Zones that a request may have come through before those; none unless given. */
  readonly via?: readonly string[];
  /** Room of the replay shield: not less than requests per second times the stamps' lifetime. Off unless given. */
  readonly replayEntries?: number;
  readonly maxAgeSeconds: number;
  readonly clockSkewSeconds: number;
  /** The header with the internal token, which the stamp must cover. */
  readonly token: string;
  /** Bodies must be the stamped ones, up to so many bytes; unlooked at unless given. */
  readonly contentDigest?: { readonly maxBytes: number };
  /** How responses are signed; unsigned unless given. */
  readonly responses?: Keys & { readonly sign: string };
}

/** The stamps that this zone makes. */
export interface StampMaking extends Keys {
  readonly lifetimeSeconds: number;
  readonly token: string;
  /** Whether the zones before this one stay named in `x-countersign-zone`. */
  readonly chain?: boolean;
  /** Id of the key that signs; "" = the server says. */
  readonly sign: string;
  /** The digest of bodies is stamped too, up to so many bytes; not unless given. */
  readonly contentDigest?: { readonly maxBytes: number };
  /** Which signed responses are taken; any are unless given. */
  readonly responses?: Keys;
}

/** The server that decides. */
export interface Check {
  readonly address: SocketAddress;
  readonly timeoutSeconds: number;
  /** A cluster that is there already and leads to it; ours is made unless given. */
  readonly cluster?: string;
}

/** The cluster that leads to the server's HTTP side. */
export const grantsCluster = "countersign-http";

/** Decisions that the proxy may repeat (docs/grants.md). */
export interface Grants {
  /** The server's HTTP side: the guard asks it which state grants come from. */
  readonly address: SocketAddress;
  /** A cluster that is there already and leads to it; ours is made unless given. */
  readonly cluster?: string;
  readonly pollMilliseconds?: number;
  /** A mesh's operators write routes too. Envoy chooses the route anew when the filter writes a header. */
  readonly routesByOthers?: boolean;
  /** Headers that those match on. Unless given, a proxy with others' routes keeps no grant that changes other headers than ours. */
  readonly routeHeaders?: readonly string[];
  /** Of memory, for each worker. */
  readonly maxBytes?: number;
}

export interface Zone {
  readonly name: string;
  /** `edge`: clients come from outside. `zone`: only stamped requests from another zone come in. */
  readonly inbound: "edge" | "zone";
  readonly listener: SocketAddress;
  /** Loopback only: the admin interface can stop the proxy and shows its configuration. */
  readonly admin: SocketAddress;
  /** File that gets one JSON line per request; `/dev/stdout` in containers. */
  readonly accessLog: string;
  /** The compiled filter: a file on the proxy's own disk, or where to fetch it. */
  readonly filter: string | RemoteFilter;
  /** Proxies in front of this one that may be believed about `x-forwarded-for`. */
  readonly trustedHops: number;
  readonly check: Check;
  /** Removed from every request: names, or a prefix with `*` at its end. */
  readonly ownedHeaders: readonly string[];
  /** Every request is asked for unless given. */
  readonly grants?: Grants;
  readonly token: TokenCheck | undefined;
  readonly accepts: StampCheck | undefined;
  readonly stamps: StampMaking | undefined;
  readonly routes: readonly Route[];
  readonly upstreams: readonly Upstream[];
}

/** Plain data, as Envoy reads it. */
export type Config = { readonly [member: string]: ConfigValue };
export type ConfigValue = string | number | boolean | Config | readonly ConfigValue[];

/** A member of a oneof `Any`: the type's URL first, then its fields. */
export function typed(type: string, fields: Config): Config {
  return { "@type": `type.googleapis.com/${type}`, ...fields };
}

export function seconds(value: number): string {
  return `${value}s`;
}

export function socketAddress(address: SocketAddress): Config {
  return { socket_address: { address: address.host, port_value: address.port } };
}
