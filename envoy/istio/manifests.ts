/**
 * Everything for an Istio mesh, by file. In: zones and servers. Out: file name → Kubernetes objects, in the order to apply
 * them. `kubectl apply -f` on the folder takes the EnvoyFilters; `without-envoy-filter/` is the other way, not one more.
 */
import type { Config } from "../model.ts";
import { envoyFilter } from "./envoy-filter.ts";
import type { IstioZone } from "./place.ts";
import { type IstioServer, serverObjects } from "./server.ts";
import { provider, withoutEnvoyFilter } from "./without-envoy-filter.ts";

export function istioManifests(
  zones: readonly IstioZone[],
  servers: readonly IstioServer[] = [],
): ReadonlyMap<string, readonly Config[]> {
  return new Map([
    ...servers.map((server) => [`${server.name}.yaml`, serverObjects(server)] as const),
    ...zones.map((placed) => [`${placed.zone.name}-envoy-filter.yaml`, [envoyFilter(placed)]] as const),
    ...zones.map((placed) => [`without-envoy-filter/${placed.zone.name}.yaml`, withoutEnvoyFilter(placed)] as const),
    ["without-envoy-filter/mesh-config.yaml", [meshConfig(zones)]],
  ]);
}

/** What `istioctl install -f` takes; with Helm, `meshConfig` is a member of istiod's values. */
function meshConfig(zones: readonly IstioZone[]): Config {
  return {
    apiVersion: "install.istio.io/v1alpha1",
    kind: "IstioOperator",
    metadata: { name: "countersign" },
    spec: {
      meshConfig: {
        // As the guard and the servers are told: one reading of the path for all.
        pathNormalization: { normalization: "MERGE_SLASHES" },
        extensionProviders: zones.map(provider),
      },
    },
  };
}
