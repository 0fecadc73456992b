/**
 * Where a zone sends requests. In: a zone. Out: its clusters: one per upstream, and Countersign's own server.
 */
import { checkCluster } from "./ext-authz.ts";
import {
  type Config,
  grantsCluster,
  type SocketAddress,
  socketAddress,
  typed,
  type Upstream,
  type Zone,
} from "./model.ts";
import { stampFilters } from "./stamp.ts";

const PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export function clusters(zone: Zone): readonly Config[] {
  return [...zone.upstreams.map((upstream) => upstreamCluster(zone, upstream)), checkServer(zone), ...httpServer(zone)];
}

function upstreamCluster(zone: Zone, upstream: Upstream): Config {
  return cluster(upstream.name, upstream.address, {
    explicit_http_config: { http_protocol_options: {} },
    ...(upstream.stamp && { http_filters: stampFilters(zone) }),
  });
}

function checkServer(zone: Zone): Config {
  return cluster(checkCluster, zone.check.address, {
    explicit_http_config: { http2_protocol_options: { connection_keepalive: { interval: "30s", timeout: "5s" } } },
  });
}

/** Asked for the state that grants come from, and for keys. All that ask without a cluster of their own ask one server. */
function httpServer({ grants, accepts, stamps }: Zone): readonly Config[] {
  const asking = [
    grants,
    accepts?.keysFrom,
    accepts?.responses?.keysFrom,
    stamps?.keysFrom,
    stamps?.responses?.keysFrom,
  ];
  const address = asking.find((one) => one !== undefined && one.cluster === undefined)?.address;
  if (address === undefined) return [];
  return [cluster(grantsCluster, address, { explicit_http_config: { http_protocol_options: {} } })];
}

function cluster(name: string, address: SocketAddress, protocol: Config): Config {
  return {
    name,
    type: "STRICT_DNS",
    // Containers and most meshes speak IPv4 to each other; V4_PREFERRED still takes IPv6 where only that is there.
    dns_lookup_family: "V4_PREFERRED",
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }],
    },
    typed_extension_protocol_options: { [PROTOCOL]: typed(PROTOCOL, protocol) },
  };
}
