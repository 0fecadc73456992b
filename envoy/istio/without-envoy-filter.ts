/**
 * For meshes in which nobody may write an EnvoyFilter: the check by MeshConfig's `extensionProviders` and a CUSTOM
 * AuthorizationPolicy, the filter as WasmPlugins. In: a zone in a mesh. Out: the objects.
 * Istio puts CUSTOM before every plugin. So there is no guard at the edge (it would remove what ext_authz has just set), a
 * zone's guard checks stamps and owns nothing else, and the token that stamps cover must still be there behind ext_authz:
 * its RequestAuthentication says `forwardOriginalToken: true`. What this way cannot do besides: skip the check by a grant,
 * tell routes apart (the server's `workload` setting says what it protects), show ext_authz every line of a header, stamp
 * behind route rewrites, hold bodies back for their digest, tell a zone's signed answers from a service's. Sources: Istio's WasmPlugin, AuthorizationPolicy and MeshConfig references.
 */
import { guardConfiguration } from "../guard.ts";
import { type Config, type StampCheck, type StampMaking, seconds, type Zone } from "../model.ts";
import { stampConfiguration } from "../stamp.ts";
import { variablesOf } from "../wasm.ts";
import { type IstioZone, nameOf, object } from "./place.ts";

export function withoutEnvoyFilter(described: IstioZone): readonly Config[] {
  // Nothing here could skip the check: a guard that keeps grants would keep them for nobody.
  const { grants: _, ...rest } = described.zone;
  const zone = withoutOptions(rest);
  const placed = { ...described, zone };
  return [
    customPolicy(placed),
    ...(zone.accepts === undefined
      ? []
      : [plugin(placed, "guard", "AUTHN", guardConfiguration({ ...zone, ownedHeaders: [] }))]),
    ...(zone.stamps === undefined ? [] : [plugin(placed, "stamp", "UNSPECIFIED_PHASE", stampConfiguration(zone))]),
  ];
}

/** A plugin is given no bodies while it holds the head, and stands where every route's answers come by. */
function withoutOptions({ accepts, stamps, ...zone }: Zone): Zone {
  return { ...zone, accepts: accepts && plainCheck(accepts), stamps: stamps && plainMaking(stamps) };
}

function plainCheck({ contentDigest: _, responses: __, ...accepts }: StampCheck): StampCheck {
  return accepts;
}

function plainMaking({ contentDigest: _, responses: __, ...stamps }: StampMaking): StampMaking {
  return stamps;
}

function plugin(placed: IstioZone, stand: "guard" | "stamp", phase: string, configuration: Config): Config {
  const { zone, namespace, labels } = placed;
  const variables = variablesOf(zone);
  return object("extensions.istio.io/v1alpha1", "WasmPlugin", namespace, `${nameOf(placed)}-${stand}`, {
    selector: { matchLabels: labels },
    ...source(zone.filter),
    // Istio makes it the plugin's root_id, by which the module tells its stands apart.
    pluginName: `countersign.${stand}`,
    phase,
    // Guard: before other plugins of its phase. Stamp: behind them.
    priority: stand === "guard" ? 1000 : -1000,
    failStrategy: "FAIL_RELOAD",
    // Istio counts gateways as clients.
    match: [{ mode: placed.context === "GATEWAY" || stand === "stamp" ? "CLIENT" : "SERVER" }],
    ...(variables.length > 0 && { vmConfig: { env: variables.map((name) => ({ name, valueFrom: "HOST" })) } }),
    pluginConfig: { stand, ...configuration },
  });
}

function source(filter: Zone["filter"]): Config {
  if (typeof filter === "string") return { url: `file://${filter}` };
  return { url: filter.url, sha256: filter.sha256 };
}

function customPolicy(placed: IstioZone): Config {
  const { namespace, labels } = placed;
  return object("security.istio.io/v1", "AuthorizationPolicy", namespace, nameOf(placed), {
    selector: { matchLabels: labels },
    action: "CUSTOM",
    provider: { name: nameOf(placed) },
    rules: [{}],
  });
}

/** The zone's entry in `extensionProviders`, which the policy above names. */
export function provider(placed: IstioZone): Config {
  const { address, timeoutSeconds } = placed.zone.check;
  return {
    name: nameOf(placed),
    envoyExtAuthzGrpc: {
      service: address.host,
      port: address.port,
      timeout: seconds(timeoutSeconds),
      failOpen: false,
      clearRouteCache: false,
      statusOnError: "503",
    },
  };
}
