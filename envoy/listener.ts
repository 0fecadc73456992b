/**
 * A zone's entry: one listener, one HTTP connection manager. In: a zone. Out: the listener. Paths are normalized here,
 * before the guard and the policies see them, so that all three and the upstream read the same path; what has two
 * readings is refused. Source: Envoy's "Configuring Envoy as an edge proxy".
 */
import { accessLog } from "./access-log.ts";
import { extAuthz } from "./ext-authz.ts";
import { guard } from "./guard.ts";
import { type Config, socketAddress, typed, type Zone } from "./model.ts";
import { routes } from "./routes.ts";

/** @param manager what stands behind the address, where a test or bench puts other filters or routes into it. */
export function listener(zone: Zone, manager: Config = connectionManager(zone)): Config {
  return {
    name: zone.name,
    address: socketAddress(zone.listener),
    per_connection_buffer_limit_bytes: bufferBytes(zone),
    filter_chains: [
      {
        filters: [
          {
            name: "envoy.filters.network.http_connection_manager",
            typed_config: manager,
          },
        ],
      },
    ],
  };
}

/** Bodies that a stand holds back must fit whole. */
function bufferBytes({ accepts, stamps }: Zone): number {
  return Math.max(32_768, accepts?.contentDigest?.maxBytes ?? 0, stamps?.contentDigest?.maxBytes ?? 0);
}

export function connectionManager(zone: Zone, filters = zoneFilters(zone), routeConfig = routes(zone)): Config {
  return typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: zone.name,
    ...hygiene,
    ...limits,
    ...origin(zone),
    access_log: [accessLog(zone.accessLog)],
    http_filters: filters,
    route_config: routeConfig,
  });
}

export const router: Config = {
  name: "envoy.filters.http.router",
  typed_config: typed("envoy.extensions.filters.http.router.v3.Router", {}),
};

/** Order is security: the guard cleans before ext_authz reads, and the router comes last. */
function zoneFilters(zone: Zone): readonly Config[] {
  return [guard(zone), extAuthz(zone), router];
}

/** One reading of the path and of every header name. */
export const hygiene: Config = {
  normalize_path: true,
  merge_slashes: true,
  path_with_escaped_slashes_action: "REJECT_REQUEST",
  // A service behind may read `x_user` and `x-user` as one header: names with underscores do not come in.
  common_http_protocol_options: {
    headers_with_underscores_action: "REJECT_REQUEST",
    max_headers_count: 100,
    idle_timeout: "300s",
  },
  http_protocol_options: { allow_chunked_length: false },
};

export const limits: Config = {
  max_request_headers_kb: 32,
  request_headers_timeout: "10s",
  stream_idle_timeout: "60s",
  request_timeout: "60s",
  http2_protocol_options: {
    max_concurrent_streams: 100,
    initial_stream_window_size: 65536,
    initial_connection_window_size: 1048576,
  },
};

/** Who is believed about where the request came from. */
function origin(zone: Zone): Config {
  return {
    use_remote_address: true,
    xff_num_trusted_hops: zone.trustedHops,
    forward_client_cert_details: "SANITIZE",
    ...requestId(zone),
  };
}

/** One id for one request through all zones; a client's own is never taken over at the edge. */
export function requestId(zone: Zone): Config {
  return { preserve_external_request_id: zone.inbound === "zone", always_set_request_id_in_response: true };
}
