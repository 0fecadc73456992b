/**
 * The call to Countersign's server, and what a route tells it. In: a zone, a route's workload. Out: the HTTP filter and
 * the per-route part. Fails closed: no answer in time, or a broken one, is a 503, never a pass.
 * Source: Envoy's `envoy.extensions.filters.http.ext_authz.v3`.
 */
import { type Config, type RouteWorkload, seconds, typed, type Zone } from "./model.ts";

export const extAuthzName = "envoy.filters.http.ext_authz";
export const checkCluster = "countersign";

export function extAuthz(zone: Zone): Config {
  return {
    name: extAuthzName,
    typed_config: typed("envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", {
      transport_api_version: "V3",
      grpc_service: {
        envoy_grpc: { cluster_name: zone.check.cluster ?? checkCluster },
        timeout: seconds(zone.check.timeoutSeconds),
      },
      failure_mode_allow: false,
      status_on_error: { code: "ServiceUnavailable" },
      // A decision stands for the route it was made for: no filter may choose another one afterwards.
      clear_route_cache: false,
      // Every line of every header, as bytes: joined lines hide duplicates from policies.
      encode_raw_headers: true,
      include_peer_certificate: true,
      include_tls_session: true,
      validate_mutations: true,
      metadata_context_namespaces: [extAuthzName],
      stat_prefix: "countersign",
    }),
  };
}

/** What this route's requests are for, so that policies with selectors find them. */
export function routeContext(workload: RouteWorkload): Config {
  const labels = Object.entries(workload.labels).map(([label, value]) => [`label.${label}`, value] as const);
  return {
    [extAuthzName]: typed("envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute", {
      check_settings: {
        context_extensions: {
          namespace: workload.namespace,
          workload: workload.name,
          ...Object.fromEntries(labels.sort(([a], [b]) => (a < b ? -1 : 1))),
        },
      },
    }),
  };
}
