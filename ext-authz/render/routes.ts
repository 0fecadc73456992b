/** A zone's routes and where they lead. In: a zone of the description. Out: routes and upstreams, each upstream once. Pure. */
import type { Route, RouteWorkload, Upstream } from "../../envoy/model.ts";
import type { Path } from "../resources/field-path.ts";
import { type Context, type Findings, placed } from "./context.ts";
import type { RouteText, WorkloadText, ZoneText } from "./description.ts";
import { own } from "./placement.ts";

export interface Routing {
  readonly routes: readonly Route[];
  readonly upstreams: readonly Upstream[];
}

export function routesOf(name: string, zone: ZoneText, context: Context): Routing {
  const upstreams = new Map<string, Upstream>();
  const routes = zone.routes.map((route, index): Route => {
    const path = ["zones", name, "routes", index];
    checkReached(zone.routes, index, path, context.findings);
    const upstream = upstreamOf(route, path, context);
    if (upstream !== undefined) upstreams.set(upstream.name, upstream);
    return {
      prefix: route.prefix,
      rewrite: route.rewrite,
      upstream: route.to,
      workload: workloadOf(route, zone, path, context),
    };
  });
  return { routes, upstreams: [...upstreams.values()] };
}

/** Envoy takes the first route that matches. */
function checkReached(routes: readonly RouteText[], index: number, path: Path, { report }: Findings): void {
  const prefix = routes[index]?.prefix ?? "";
  const before = routes.slice(0, index).findIndex((route) => prefix.startsWith(route.prefix));
  if (before >= 0) report([...path, "prefix"], `is never reached: routes[${before}] takes it`, "longer prefixes first");
}

function upstreamOf(
  { to }: RouteText,
  path: Path,
  { description, placement, findings }: Context,
): Upstream | undefined {
  const zone = own(description.zones, to);
  if (zone !== undefined) {
    if (zone.inbound !== "zone") findings.report([...path, "to"], `${to} takes clients, not stamped requests`);
    const address = placed(placement.zone(to), findings);
    return address && { name: to, address, stamp: true };
  }
  if (own(description.services, to) === undefined) {
    const names = [...Object.keys(description.zones), ...Object.keys(description.services ?? {})];
    findings.report([...path, "to"], "no such zone or service", `one of: ${names.join(", ")}`);
    return undefined;
  }
  const address = placed(placement.service(to), findings);
  return address && { name: to, address, stamp: false };
}

/** The route's own, that of the service it leads to, or the zone's, in this order. */
function workloadOf(route: RouteText, zone: ZoneText, path: Path, { description, findings }: Context): RouteWorkload {
  const found: WorkloadText | undefined =
    route.workload ?? own(description.services, route.to)?.workload ?? zone.workload;
  const isKnown = Object.hasOwn(description.zones, route.to) || own(description.services, route.to) !== undefined;
  if (found === undefined && isKnown) {
    findings.report([...path, "workload"], "is missing", "here, or as the zone's workload");
  }
  const { namespace = "", name = "", labels = {} } = found ?? {};
  return { namespace, name, labels };
}
