/** An Envoy configuration in which doctor finds nothing, and ways to break it at one place. */
import { isDeepStrictEqual } from "node:util";

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

const type = (name: string) => ({ "@type": `type.googleapis.com/${name}` });
const HTTP = "envoy.extensions.filters.http";

export const filter = (name: string, message: string, fields: Json & object = {}): Json => ({
  name,
  typed_config: { ...type(`${HTTP}.${message}`), ...fields },
});

export const wasm = (root: string, fields: Json & object = {}): Json =>
  filter(root, "wasm.v3.Wasm", {
    config: {
      root_id: root,
      failure_policy: "FAIL_RELOAD",
      configuration: { ...type("google.protobuf.StringValue"), value: '{"inbound":"edge","secret":"hunter2"}' },
      vm_config: { code: { local: { filename: "/filter.wasm" } } },
      ...fields,
    },
  });

export const extAuthz: Json = filter("envoy.filters.http.ext_authz", "ext_authz.v3.ExtAuthz", {
  transport_api_version: "V3",
  grpc_service: { envoy_grpc: { cluster_name: "countersign" }, timeout: "0.5s" },
  failure_mode_allow: false,
  status_on_error: { code: "ServiceUnavailable" },
  encode_raw_headers: true,
  include_peer_certificate: true,
  include_tls_session: true,
});

export const guard = wasm("countersign.guard");
export const stamp = wasm("countersign.stamp");
export const router = filter("envoy.filters.http.router", "router.v3.Router");
export const codec = filter("envoy.filters.http.upstream_codec", "upstream_codec.v3.UpstreamCodec");

export const manager: Json = {
  ...type("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"),
  stat_prefix: "edge",
  normalize_path: true,
  merge_slashes: true,
  path_with_escaped_slashes_action: "REJECT_REQUEST",
  common_http_protocol_options: { headers_with_underscores_action: "REJECT_REQUEST", max_headers_count: 100 },
  max_request_headers_kb: 32,
  use_remote_address: true,
  xff_num_trusted_hops: 1,
  forward_client_cert_details: "SANITIZE",
  http_filters: [guard, extAuthz, router],
  route_config: {
    virtual_hosts: [
      { name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "orders" } }] },
    ],
  },
};

export const listener = (name: string, connectionManager: Json): Json => ({
  name,
  address: { socket_address: { address: "0.0.0.0", port_value: 10000 } },
  filter_chains: [
    {
      transport_socket: {
        name: "tls",
        typed_config: {
          ...type("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"),
          require_client_certificate: true,
        },
      },
      filters: [{ name: "http", typed_config: connectionManager }],
    },
  ],
});

export const sound: Json = {
  admin: { address: { socket_address: { address: "127.0.0.1", port_value: 9901 } } },
  static_resources: {
    listeners: [listener("edge", manager)],
    clusters: [
      {
        name: "orders",
        load_assignment: { cluster_name: "orders" },
        typed_extension_protocol_options: {
          "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            ...type("envoy.extensions.upstreams.http.v3.HttpProtocolOptions"),
            http_filters: [stamp, codec],
          },
        },
      },
    ],
  },
};

const LISTENER = ["static_resources", "listeners", 0];
const CHAIN = [...LISTENER, "filter_chains", 0];
const MANAGER = [...CHAIN, "filters", 0, "typed_config"];
const FILTERS = [...MANAGER, "http_filters"];
export const at = {
  listeners: ["static_resources", "listeners"],
  listener: LISTENER,
  chain: CHAIN,
  manager: MANAGER,
  filters: FILTERS,
  guard: [...FILTERS, 0],
  extAuthz: [...FILTERS, 1, "typed_config"],
  route: [...MANAGER, "route_config", "virtual_hosts", 0, "routes", 0],
  upstream: [
    ...["static_resources", "clusters", 0, "typed_extension_protocol_options"],
    ...["envoy.extensions.upstreams.http.v3.HttpProtocolOptions", "http_filters"],
  ],
} as const;

type Path = readonly (string | number)[];

/** A copy with another value at the path; `undefined` removes it, and the index behind a list's end appends. @throws Error when nothing changes. */
export function changed(value: Json | undefined, path: Path, to: Json | undefined): Json {
  const result = replaced(value, path, to);
  if (result === undefined || isDeepStrictEqual(result, value)) throw new Error(`nothing changes at ${path.join(".")}`);
  return result;
}

function replaced(value: Json | undefined, [key, ...rest]: Path, to: Json | undefined): Json | undefined {
  if (key === undefined) return to;
  if (Array.isArray(value)) {
    const list: readonly Json[] = value;
    const longer = key === list.length && to !== undefined ? [...list, to] : list;
    return longer.flatMap((item, index) => (index === key ? (replaced(item, rest, to) ?? []) : [item]));
  }
  const record = typeof value === "object" && value !== null ? Object.entries(value) : [];
  const members = new Map<string, Json>(record);
  const next = replaced(members.get(String(key)), rest, to);
  if (next === undefined) members.delete(String(key));
  else members.set(String(key), next);
  return Object.fromEntries(members);
}
