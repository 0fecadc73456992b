/**
 * Two real Envoys, one behind the other: the outer stamps what leaves, the inner's guard checks what arrives and answers
 * itself. In: plugin configurations. Out: ports and admin addresses. Effects: two processes, gone after `stop`.
 */
import { type Config, socketAddress, typed } from "../../envoy/model.ts";
import { wasmStand } from "../../envoy/wasm.ts";
import { startEnvoy, type TestEnvoy } from "../support/envoy.ts";
import { filterPath } from "./build-filter.ts";
import type { JsonFields } from "./stands.ts";

const HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const free = { host: "127.0.0.1", port: 0 };

export interface Served {
  /** First filters of the listener. */
  readonly filters?: readonly Config[];
  readonly routes: readonly Config[];
  readonly clusters?: readonly Config[];
}

export function stands(name: "guard" | "stamp", configuration: JsonFields, file = filterPath()): Config {
  const { stand: _, ...members } = configuration;
  return wasmStand(name, file, members as Config);
}

/** Says which zones the guard believes, and that the request came through it. */
export const answer: Config = {
  match: { prefix: "/" },
  direct_response: { status: 200, body: { inline_string: "reached\n" } },
  response_headers_to_add: [
    { header: { key: "x-seen-zone", value: "%REQ(x-countersign-zone)%" }, append_action: "OVERWRITE_IF_EXISTS_OR_ADD" },
  ],
};

/** A cluster that stamps on its way to `port` of this machine. */
export function stamping(name: string, port: number, stamp: readonly Config[]): Config {
  const codec = "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec";
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress({ host: "127.0.0.1", port }) } }] }],
    },
    typed_extension_protocol_options: {
      [HTTP]: typed(HTTP, {
        explicit_http_config: { http_protocol_options: {} },
        http_filters: [...stamp, { name: "envoy.filters.http.upstream_codec", typed_config: typed(codec, {}) }],
      }),
    },
  };
}

export function startZone(name: string, { filters = [], routes, clusters = [] }: Served): Promise<TestEnvoy> {
  const manager = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: name,
    normalize_path: true,
    merge_slashes: true,
    http_filters: [
      ...filters,
      { name: "envoy.filters.http.router", typed_config: typed("envoy.extensions.filters.http.router.v3.Router", {}) },
    ],
    route_config: { name, virtual_hosts: [{ name, domains: ["*"], routes }] },
  });
  return startEnvoy(name, {
    node: { id: name, cluster: "test" },
    admin: { address: socketAddress(free) },
    static_resources: {
      listeners: [
        {
          name,
          address: socketAddress(free),
          filter_chains: [
            { filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] },
          ],
        },
      ],
      clusters,
    },
  });
}
