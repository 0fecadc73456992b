/**
 * A zone's filters as one EnvoyFilter. In: a zone in a mesh. Out: the object: guard first, ext_authz behind it, the stamp,
 * what each route is for, and the listener's hygiene. Everything is bound to one context and to the pods' labels.
 * Patches are applied in the order they stand here, each before all that is there: neither of the two filters depends on
 * finding another one, since istiod drops a patch that finds nothing without a word. Source: Istio's EnvoyFilter reference.
 */
import { extAuthz, routeContext } from "../ext-authz.ts";
import { guard } from "../guard.ts";
import { hygiene, limits, requestId } from "../listener.ts";
import { type Config, type RouteWorkload, typed, type Upstream } from "../model.ts";
import { stamp, stampFilters } from "../stamp.ts";
import { clusterOf, type IstioZone, mountedFilter, nameOf, object } from "./place.ts";

const MANAGER = "envoy.filters.network.http_connection_manager";
const PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export function envoyFilter(described: IstioZone): Config {
  const placed = onDisk(described);
  const { namespace, labels } = placed;
  return object("networking.istio.io/v1alpha3", "EnvoyFilter", namespace, nameOf(placed), {
    workloadSelector: { labels },
    configPatches: [managerPatch(placed), ...checkPatches(placed), ...contextPatches(placed), ...stampPatches(placed)],
  });
}

function onDisk(placed: IstioZone): IstioZone {
  if (typeof placed.zone.filter === "string") return placed;
  return { ...placed, zone: { ...placed.zone, filter: mountedFilter } };
}

function managerPatch({ zone, context }: IstioZone): Config {
  return {
    applyTo: "NETWORK_FILTER",
    match: { context, listener: { filterChain: { filter: { name: MANAGER } } } },
    patch: {
      operation: "MERGE",
      value: {
        name: MANAGER,
        typed_config: typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
          ...hygiene,
          ...limits,
          ...requestId(zone),
        }),
      },
    },
  };
}

function checkPatches(placed: IstioZone): readonly Config[] {
  const { zone } = placed;
  return [
    httpFilter(placed, undefined, "INSERT_FIRST", extAuthz(zone)),
    httpFilter(placed, undefined, "INSERT_FIRST", guard(zone)),
  ];
}

function httpFilter({ context }: IstioZone, beside: string | undefined, operation: string, value: Config): Config {
  const filter = { name: MANAGER, ...(beside !== undefined && { subFilter: { name: beside } }) };
  return {
    applyTo: "HTTP_FILTER",
    match: { context, listener: { filterChain: { filter } } },
    patch: { operation, value },
  };
}

/**
 * What requests are for. One workload: every virtual host says so. Several: each route does, found by the name that its
 * rule has in the VirtualService, which is the route's prefix.
 */
function contextPatches({ zone, context }: IstioZone): readonly Config[] {
  const [first, ...others] = zone.routes;
  if (first === undefined) return [];
  const one = JSON.stringify(first.workload);
  if (others.every(({ workload }) => JSON.stringify(workload) === one)) {
    return [contextPatch(context, "VIRTUAL_HOST", { vhost: {} }, first.workload)];
  }
  return zone.routes.map(({ prefix, workload }) =>
    contextPatch(context, "HTTP_ROUTE", { vhost: { route: { name: prefix } } }, workload),
  );
}

function contextPatch(context: string, applyTo: string, routeConfiguration: Config, workload: RouteWorkload): Config {
  return {
    applyTo,
    match: { context, routeConfiguration },
    patch: { operation: "MERGE", value: { typed_per_filter_config: routeContext(workload) } },
  };
}

function stampPatches(placed: IstioZone): readonly Config[] {
  const { zone, stampStand } = placed;
  const stamped = zone.upstreams.filter((upstream) => upstream.stamp);
  if (stamped.length === 0) return [];
  if (stampStand === "router") {
    return [httpFilter(placed, "envoy.filters.http.router", "INSERT_BEFORE", stamp(zone))];
  }
  return stamped.map((upstream) => upstreamStamp(placed, upstream));
}

/** The upstream chain says its protocol as well: the filters stand in the same message as it. */
function upstreamStamp({ zone, context }: IstioZone, { address }: Upstream): Config {
  return {
    applyTo: "CLUSTER",
    match: {
      // A sidecar's own requests leave by its other side.
      context: context === "GATEWAY" ? context : "SIDECAR_OUTBOUND",
      cluster: { name: clusterOf(address) },
    },
    patch: {
      operation: "MERGE",
      value: {
        typed_extension_protocol_options: {
          [PROTOCOL]: typed(PROTOCOL, {
            explicit_http_config: { http_protocol_options: {} },
            http_filters: stampFilters(zone),
          }),
        },
      },
    },
  };
}
