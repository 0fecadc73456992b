/**
 * The soak's Envoy: edge, inner zone and the zone behind that in one process and one VM per worker, with all that the filter
 * can do switched on; and a listener that signs nothing. In: the filter, a folder, the server. Out: the bootstrap, and the
 * discovery file that a push writes anew. No effects.
 */
import { join } from "node:path";
import { clusters } from "../../envoy/cluster.ts";
import { extAuthz } from "../../envoy/ext-authz.ts";
import { guardConfiguration } from "../../envoy/guard.ts";
import { connectionManager, listener, router } from "../../envoy/listener.ts";
import { type Config, type KeysFrom, socketAddress, typed, type Zone } from "../../envoy/model.ts";
import { edgeZone, innerZone } from "../../envoy/samples.ts";
import { wasmStand } from "../../envoy/wasm.ts";
import { AUDIENCE, ISSUER } from "../peers/issuer.ts";
import type { SoakServer } from "./server.ts";

const WASM = "envoy.extensions.filters.http.wasm.v3.Wasm";
const local = (port: number) => ({ host: "127.0.0.1", port });
/** Variable of the Envoy process. */
export const KEYS_TOKEN = "COUNTERSIGN_SOAK_KEYS_TOKEN";
/** Of bodies that are stamped. */
const contentDigest = { maxBytes: 16_384 };
/** Envoy hands out none; the sum of what passes in a stamp's lifetime, and a half more. */
const REPLAYS = 262_144;

export interface SoakZones {
  readonly edge: Zone;
  readonly inner: Zone;
  readonly deep: Zone;
  /** What the description of a zone has no words for, by its name. */
  readonly more: ReadonlyMap<string, Config>;
  readonly bare: number;
  readonly folder: string;
}

/** Where the zones behind the edge listen: Envoy must know it before it starts. */
export interface SoakPorts {
  readonly inner: number;
  readonly deep: number;
  readonly bare: number;
}

/** @param secret base64url: of the key with which the soak itself stamps, as `own` */
export function soakZones(
  filter: string,
  folder: string,
  secret: string,
  server: SoakServer,
  at: SoakPorts,
): SoakZones {
  const own = [{ id: "own", secret }];
  const here = { filter, admin: local(0), accessLog: "/dev/null" };
  const [edge, inner] = [edgeZone(own), innerZone(own)];
  const { accepts, token } = { accepts: inner.accepts, token: edge.token };
  if (accepts === undefined || edge.stamps === undefined) throw new Error("the samples do not stamp");
  const keysFrom: KeysFrom = { address: server.http, tokenEnv: KEYS_TOKEN, pollMilliseconds: 1000 };
  const fetched = { keys: [], keysFrom };
  const grants = { address: server.http };
  const deep = { ...accepts, zones: ["zone"], via: ["edge"] };
  return {
    edge: {
      ...{ ...edge, ...here, grants, listener: local(0), check: { address: server.grpc, timeoutSeconds: 30 } },
      stamps: { ...edge.stamps, ...fetched, sign: "", contentDigest, responses: fetched },
      upstreams: [
        { name: "zone", address: local(at.inner), stamp: true },
        { name: "bare", address: local(at.bare), stamp: true },
      ],
    },
    inner: {
      ...{ ...inner, ...here, listener: local(at.inner), check: { address: server.grpc, timeoutSeconds: 30 } },
      accepts: {
        ...accepts,
        keys: own,
        keysFrom,
        replayEntries: REPLAYS,
        contentDigest,
        responses: { ...fetched, sign: "" },
      },
      upstreams: [{ name: "deep", address: local(at.deep), stamp: false }],
    },
    deep: { ...inner, ...here, name: "deep", listener: local(at.deep), accepts: { ...deep, keys: own }, upstreams: [] },
    more: new Map<string, Config>([
      [
        "edge",
        {
          token: { check: true, ...token, issuers: [ISSUER], audiences: [AUDIENCE] },
          request: { methods: ["GET", "POST"], contentTypes: ["application/json"], maxHeaders: 80, maxBodyBytes: 8192 },
          // Never reached: a refusal by time has no one right answer. What it costs and keeps is there.
          rateLimit: { by: "token", requestsPerSecond: 1_000_000 },
          grants: { cluster: "countersign-http", routes: "one", routeHeaders: [] },
        },
      ],
      ["zone", { sign: { sign: "own", keys: own, chain: true } }],
    ]),
    bare: at.bare,
    folder,
  };
}

export function soakBootstrap({ edge, inner, deep, bare, folder }: SoakZones): Config {
  const answer = { match: { prefix: "/" }, direct_response: { status: 200 } };
  const inside = { match: { prefix: "/in/" }, route: { cluster: "zone", prefix_rewrite: "/" } };
  const unsigned = { match: { prefix: "/bare/" }, route: { cluster: "bare" } };
  const further = { match: { prefix: "/deep/" }, route: { cluster: "deep" } };
  const table = (name: string, routes: readonly Config[]): Config => ({
    name,
    virtual_hosts: [{ name, domains: ["*"], routes }],
  });
  const served = (zone: Zone, filters: readonly Config[], routes: readonly Config[]): Config =>
    listener(zone, connectionManager(zone, [...filters, router], table(zone.name, routes)));
  const forged = "countersign=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:";
  const lying = {
    match: { prefix: "/bare/forged" },
    direct_response: { status: 200 },
    response_headers_to_add: [
      { header: { key: "signature-input", value: 'countersign=("@status");keyid="own";tag="countersign-response"' } },
      { header: { key: "signature", value: forged } },
    ],
  };
  return {
    node: { id: "soak", cluster: "countersign" },
    admin: { address: socketAddress(edge.admin) },
    static_resources: {
      listeners: [
        served(edge, [discovered("edge", folder), extAuthz(edge)], [inside, unsigned, answer]),
        served(inner, [discovered("zone", folder)], [further, answer]),
        served(deep, [stand(deep, guardConfiguration(deep))], [answer]),
        served({ ...deep, name: "bare", listener: local(bare) }, [], [lying, answer]),
      ],
      clusters: [...clusters(edge), ...clusters({ ...inner, accepts: undefined }).slice(0, 1)],
    },
  };
}

/** The filter comes from a file that Envoy watches (ECDS), as a control plane would push it. */
function discovered(name: string, folder: string): Config {
  const path = discoveryFile(name, folder);
  return {
    name: `guard-${name}`,
    config_discovery: {
      config_source: { resource_api_version: "V3", path_config_source: { path, watched_directory: { path: folder } } },
      type_urls: [`type.googleapis.com/${WASM}`],
    },
  };
}

export function discoveryFile(name: string, folder: string): string {
  return join(folder, `guard-${name}.json`);
}

/**
 * @param round makes each push a different configuration, as a changed owned header would: its pattern is `x-round-<n>`.
 */
export function discovery(zone: Zone, more: Config, round: number): Config {
  const configuration = guardConfiguration({ ...zone, ownedHeaders: [...zone.ownedHeaders, `x-round-${round}`] });
  const config = stand(zone, { ...configuration, ...more })["typed_config"];
  return {
    version_info: String(round),
    resources: [
      typed("envoy.config.core.v3.TypedExtensionConfig", { name: `guard-${zone.name}`, typed_config: config ?? {} }),
    ],
  };
}

/** All share one VM, which has the environment that the first of them names. */
function stand({ filter }: Zone, configuration: Config): Config {
  return wasmStand("guard", filter, configuration, [KEYS_TOKEN]);
}
