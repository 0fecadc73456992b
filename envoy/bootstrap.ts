/**
 * A zone's whole Envoy configuration. In: a zone. Out: the bootstrap as plain data: write it as JSON or YAML and start a
 * stock Envoy with it. Throws when the description does not fit together, which is a bug of its writer.
 */
import { clusters } from "./cluster.ts";
import { listener } from "./listener.ts";
import { type Config, socketAddress, typed, type Zone } from "./model.ts";

const LOOPBACK = new Set(["127.0.0.1", "::1"]);

export function bootstrap(zone: Zone): Config {
  if (!LOOPBACK.has(zone.admin.host)) throw new Error(`zone ${zone.name}: the admin interface must be on loopback`);
  if (zone.inbound === "zone" && zone.accepts === undefined) {
    throw new Error(`zone ${zone.name}: an inner zone must check stamps`);
  }
  const known = new Set(zone.upstreams.map((upstream) => upstream.name));
  const lost = zone.routes.find((route) => !known.has(route.upstream));
  if (lost) throw new Error(`zone ${zone.name}: route ${lost.prefix} leads to the unknown upstream ${lost.upstream}`);
  return {
    node: { id: zone.name, cluster: "countersign" },
    admin: { address: socketAddress(zone.admin) },
    static_resources: { listeners: [listener(zone)], clusters: clusters(zone) },
    overload_manager: {
      resource_monitors: [
        {
          name: "envoy.resource_monitors.global_downstream_max_connections",
          typed_config: typed(
            "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
            { max_active_downstream_connections: "10000" },
          ),
        },
      ],
    },
  };
}
