/**
 * An Envoy for the conformance table: no guard (it refuses more than Istio does), one listener for each path
 * normalization, addresses from the PROXY protocol so that a case's peer is the peer. In: where check server and
 * upstream are. Out: the bootstrap. No effects.
 */
import { clusters } from "../../envoy/cluster.ts";
import { checkCluster, extAuthz } from "../../envoy/ext-authz.ts";
import { type Config, type SocketAddress, socketAddress, typed, type Zone } from "../../envoy/model.ts";
import { edgeZone } from "../../envoy/samples.ts";

const local = (port: number): SocketAddress => ({ host: "127.0.0.1", port });

/** What each `pathNormalization` of the mesh means to Envoy's connection manager, as istiod writes it. */
export const normalizations: Readonly<Record<string, Config>> = {
  NONE: {},
  BASE: { normalize_path: true },
  MERGE_SLASHES: { normalize_path: true, merge_slashes: true },
  DECODE_AND_MERGE_SLASHES: {
    normalize_path: true,
    merge_slashes: true,
    path_with_escaped_slashes_action: "UNESCAPE_AND_FORWARD",
  },
};

export function conformanceBootstrap(checkPort: number, upstreamPort: number): Config {
  const zone: Zone = {
    ...edgeZone([{ id: "k1", secret: "A".repeat(43) }]),
    check: { address: local(checkPort), timeoutSeconds: 10 },
    upstreams: [{ name: "upstream", address: local(upstreamPort), stamp: false }],
  };
  const listeners = Object.entries(normalizations).map(([name, options]) => listener(name, options, extAuthz(zone)));
  return {
    node: { id: "conformance", cluster: "countersign" },
    admin: { address: socketAddress(local(0)) },
    static_resources: { listeners: [...listeners, tcpListener()], clusters: clusters(zone) },
  };
}

const proxyProtocol = {
  name: "envoy.filters.listener.proxy_protocol",
  typed_config: typed("envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol", {}),
};

/** Envoy's network ext_authz: a CheckRequest without HTTP attributes for each connection. */
function tcpListener(): Config {
  const authorization = typed("envoy.extensions.filters.network.ext_authz.v3.ExtAuthz", {
    stat_prefix: "tcp",
    transport_api_version: "V3",
    failure_mode_allow: false,
    grpc_service: { envoy_grpc: { cluster_name: checkCluster }, timeout: "10s" },
  });
  const proxy = typed("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", {
    stat_prefix: "tcp",
    cluster: "upstream",
  });
  const filters = [
    { name: "envoy.filters.network.ext_authz", typed_config: authorization },
    { name: "envoy.filters.network.tcp_proxy", typed_config: proxy },
  ];
  return {
    name: "TCP",
    address: socketAddress(local(0)),
    listener_filters: [proxyProtocol],
    filter_chains: [{ filters }],
  };
}

function listener(name: string, options: Config, authorization: Config): Config {
  const router = typed("envoy.extensions.filters.http.router.v3.Router", {});
  const route = { match: { prefix: "/" }, route: { cluster: "upstream" } };
  const manager = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: name,
    ...options,
    // The case's own x-forwarded-for is what a proxy in front would have written.
    use_remote_address: false,
    skip_xff_append: true,
    http_filters: [authorization, { name: "envoy.filters.http.router", typed_config: router }],
    route_config: { name, virtual_hosts: [{ name, domains: ["*"], routes: [route] }] },
  });
  return {
    name,
    address: socketAddress(local(0)),
    listener_filters: [proxyProtocol],
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}

/** The port that each listener took, by its name. */
export async function listenerPorts(admin: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${admin}/listeners`, { signal: AbortSignal.timeout(5_000) });
  const lines = (await answer.text()).trim().split("\n");
  return new Map(lines.map((line) => [line.split("::", 1)[0] ?? "", Number(line.slice(line.lastIndexOf(":") + 1))]));
}
