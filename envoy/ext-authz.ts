/**
 * The call to Countersign's server, and what a route tells it. In: a zone, a route's workload. Out: the HTTP filter and
 * the per-route part. Fails closed: no answer in time, or a broken one, is a 503, never a pass.
 * Source: Envoy's `envoy.extensions.filters.http.ext_authz.v3`.
 */
import { createHash } from "node:crypto";
import { type Check, type Config, type RouteWorkload, seconds, typed, type Zone } from "./model.ts";

export const extAuthzName = "envoy.filters.http.ext_authz";
export const checkCluster = "countersign";

export function extAuthz(zone: Zone): Config {
  const asking = askingFilter(zone);
  return zone.grants === undefined ? asking : unlessGranted(asking);
}

/** The guard's filter state for a request that it lets pass on a grant: `<decision id> <hit number>`. */
const grantState = "wasm.countersign.grant";

/**
 * Skips the call by what the guard alone can write; no header is looked at. The composite filter makes ext_authz only for who
 * is asked. Invariant: whatever the matcher does not find is asked (`on_no_match`): without that nothing would run at all.
 */
function unlessGranted(asking: Config): Config {
  const state = typed("envoy.extensions.matching.common_inputs.network.v3.FilterStateInput", { key: grantState });
  return {
    name: extAuthzName,
    typed_config: typed("envoy.extensions.common.matching.v3.ExtensionWithMatcher", {
      extension_config: {
        name: "envoy.filters.http.composite",
        typed_config: typed("envoy.extensions.filters.http.composite.v3.Composite", {}),
      },
      xds_matcher: {
        matcher_list: {
          matchers: [
            {
              predicate: {
                // Nothing there matches nothing: the call is made.
                single_predicate: { input: { name: "grant", typed_config: state }, value_match: { contains: " " } },
              },
              on_match: {
                action: {
                  name: "skip",
                  typed_config: typed("envoy.extensions.filters.common.matcher.action.v3.SkipFilter", {}),
                },
              },
            },
          ],
        },
        on_no_match: {
          action: {
            name: "ask",
            typed_config: typed("envoy.extensions.filters.http.composite.v3.ExecuteFilterAction", {
              typed_config: asking,
            }),
          },
        },
      },
    }),
  };
}

function askingFilter(zone: Zone): Config {
  return {
    name: extAuthzName,
    typed_config: typed("envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", {
      transport_api_version: "V3",
      grpc_service: {
        envoy_grpc: grpcCluster(zone.check),
        timeout: seconds(zone.check.timeoutSeconds),
        // A server that ends refuses what crosses its GOAWAY unread: another connection may be asked, within the same timeout.
        retry_policy: { retry_on: "refused-stream,connect-failure,reset", num_retries: 1 },
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

/** Envoy calls the server by the cluster's name, and a mesh's (`outbound|9191||…`) is no authority that HTTP/2 allows. */
function grpcCluster({ address, cluster }: Check): Config {
  if (cluster === undefined) return { cluster_name: checkCluster };
  return { cluster_name: cluster, authority: address.host };
}

/**
 * A route's name by which the guard keeps grants apart: as long as it says the same to the server it has the same name, and
 * never otherwise. So a route that is pushed with another workload starts without grants.
 */
export function contextName(workload: RouteWorkload): string {
  const hash = createHash("sha256")
    .update(JSON.stringify(routeContext(workload)))
    .digest("hex");
  return `${workload.namespace}/${workload.name}/${hash.slice(0, 16)}`;
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
