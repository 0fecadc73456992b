/**
 * A zone for Kuma. In: a zone, labels of its data plane proxies. Out: one MeshProxyPatch: the way to the server, guard and
 * ext_authz first on what comes in, the stamp last on what goes to the next zone. Modifications are applied in their order, so
 * what is added first last stands first. Source: Kuma's MeshProxyPatch reference.
 */
import { stringify } from "yaml";
import { clusters } from "../cluster.ts";
import { extAuthz } from "../ext-authz.ts";
import { guard } from "../guard.ts";
import { hygiene, limits } from "../listener.ts";
import { type Config, typed, type Upstream, type Zone } from "../model.ts";
import { stamp } from "../stamp.ts";

export interface KumaZone {
  readonly zone: Zone;
  readonly mesh: string;
  /** Of the data plane proxies. */
  readonly labels: Readonly<Record<string, string>>;
}

const MANAGER = "envoy.filters.network.http_connection_manager";
const SYSTEM = "kuma-system";

export function meshProxyPatch({ zone, mesh, labels }: KumaZone): Config {
  const inbound = { origin: "inbound" };
  const upstreams = new Set(zone.upstreams.map(({ name }) => name));
  // The mesh has clusters for everything but the server, which is called as it is.
  const ours = clusters({ ...zone, upstreams: [] }).filter(({ name }) => !upstreams.has(String(name)));
  const settings = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    ...hygiene,
    ...limits,
  });
  return {
    apiVersion: "kuma.io/v1alpha1",
    kind: "MeshProxyPatch",
    metadata: { name: `countersign-${zone.name}`, namespace: SYSTEM, labels: { "kuma.io/mesh": mesh } },
    spec: {
      targetRef: { kind: "Dataplane", labels },
      default: {
        appendModifications: [
          ...ours.map((cluster) => ({ cluster: { operation: "Add", value: text(cluster) } })),
          {
            networkFilter: {
              operation: "Patch",
              match: { name: MANAGER, ...inbound },
              value: text({ name: MANAGER, typed_config: settings }),
            },
          },
          { httpFilter: { operation: "AddFirst", match: inbound, value: text(extAuthz(zone)) } },
          { httpFilter: { operation: "AddFirst", match: inbound, value: text(guard(zone)) } },
          ...zone.upstreams.filter((upstream) => upstream.stamp).map((upstream) => stampBefore(zone, upstream)),
        ],
      },
    },
  };
}

function stampBefore(zone: Zone, { address }: Upstream): Config {
  return {
    httpFilter: {
      operation: "AddBefore",
      match: {
        name: "envoy.filters.http.router",
        origin: "outbound",
        listenerTags: { "kuma.io/service": serviceTag(address.host, address.port) },
      },
      value: text(stamp(zone)),
    },
  };
}

/** Kuma's name of a Kubernetes service: `orders_shop_svc_8080`. */
function serviceTag(host: string, port: number): string {
  const [name = "", namespace = ""] = host.split(".");
  return `${name}_${namespace}_svc_${port}`;
}

function text(config: Config): string {
  return stringify(config, { lineWidth: 0, aliasDuplicateObjects: false });
}
