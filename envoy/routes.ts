/**
 * A zone's routes. In: a zone. Out: the route configuration, each route with the workload it leads to. There is no
 * catch-all: what no route names is a 404.
 */
import { contextName, routeContext } from "./ext-authz.ts";
import { type Config, type Route, seconds, type Zone } from "./model.ts";

const UPSTREAM_SECONDS = 15;

export function routes(zone: Zone): Config {
  return {
    name: zone.name,
    virtual_hosts: [{ name: zone.name, domains: ["*"], routes: zone.routes.map((one) => route(zone, one)) }],
    // Headers of the answer that only a proxy or the server behind it may speak of.
    response_headers_to_remove: ["x-envoy-upstream-service-time"],
  };
}

function route(zone: Zone, { prefix, rewrite, upstream, workload, match, action }: Route): Config {
  return {
    ...(zone.grants && { name: contextName(workload) }),
    match: match ?? { prefix },
    route: {
      cluster: upstream,
      timeout: seconds(UPSTREAM_SECONDS),
      ...(rewrite !== undefined && { prefix_rewrite: rewrite }),
      ...action,
    },
    typed_per_filter_config: routeContext(workload),
  };
}
