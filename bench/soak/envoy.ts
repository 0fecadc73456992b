/**
 * The soak's Envoy: an edge and an inner zone in one process, both guards and the stamp in one VM per worker, no check
 * server. In: the filter, a folder. Out: the bootstrap, and the discovery file that a push writes anew. No effects.
 */
import { join } from "node:path";
import { clusters } from "../../envoy/cluster.ts";
import { guard } from "../../envoy/guard.ts";
import { connectionManager, listener, router } from "../../envoy/listener.ts";
import { type Config, socketAddress, typed, type Zone } from "../../envoy/model.ts";
import { edgeZone, innerZone } from "../../envoy/samples.ts";

const WASM = "envoy.extensions.filters.http.wasm.v3.Wasm";
const local = (port: number) => ({ host: "127.0.0.1", port });

export interface SoakZones {
  readonly edge: Zone;
  readonly inner: Zone;
  readonly folder: string;
}

/** @param secret base64url; @param zonePort where the inner zone listens: the edge must know it before it starts. */
export function soakZones(filter: string, folder: string, secret: string, zonePort: number): SoakZones {
  const keys = [{ id: "k1", secret }];
  const here = { filter, admin: local(0), accessLog: "/dev/null" };
  const edge = edgeZone(keys);
  return {
    edge: {
      ...edge,
      ...here,
      listener: local(0),
      upstreams: [{ name: "zone", address: local(zonePort), stamp: true }],
    },
    inner: { ...innerZone(keys), ...here, listener: local(zonePort) },
    folder,
  };
}

export function soakBootstrap({ edge, inner, folder }: SoakZones): Config {
  const answer = { match: { prefix: "/" }, direct_response: { status: 200 } };
  const inside = { match: { prefix: "/in/" }, route: { cluster: "zone", prefix_rewrite: "/" } };
  const table = (name: string, routes: readonly Config[]): Config => ({
    name,
    virtual_hosts: [{ name, domains: ["*"], routes }],
  });
  const pushed = [discovered("edge", folder), router];
  return {
    node: { id: "soak", cluster: "countersign" },
    admin: { address: socketAddress(edge.admin) },
    static_resources: {
      listeners: [
        listener(edge, connectionManager(edge, pushed, table("edge", [inside, answer]))),
        listener(inner, connectionManager(inner, [discovered("zone", folder), router], table("zone", [answer]))),
      ],
      clusters: clusters(edge).slice(0, 1),
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
export function discovery(name: string, zone: Zone, round: number): Config {
  const config = guard({ ...zone, ownedHeaders: [...zone.ownedHeaders, `x-round-${round}`] })["typed_config"];
  return {
    version_info: String(round),
    resources: [
      typed("envoy.config.core.v3.TypedExtensionConfig", { name: `guard-${name}`, typed_config: config ?? {} }),
    ],
  };
}
