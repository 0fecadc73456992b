/**
 * The stamp: last filter before the wire, in the cluster's own chain, so that it signs what really leaves: after route
 * rewrites, and anew for each attempt. In: a zone. Out: the filters of a stamping cluster, or none.
 */
import type { Config, Zone } from "./model.ts";
import { typed } from "./model.ts";
import { keysConfiguration, variablesOf, wasmStand } from "./wasm.ts";

export function stampFilters(zone: Zone): readonly Config[] {
  return [stamp(zone), upstreamCodec];
}

export const upstreamCodec: Config = {
  name: "envoy.filters.http.upstream_codec",
  typed_config: typed("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec", {}),
};

/** The stand alone, for a chain that is made elsewhere. */
export function stamp(zone: Zone): Config {
  return wasmStand("stamp", zone.filter, stampConfiguration(zone), variablesOf(zone));
}

/** Without `stand`, which the plugin's own entry adds. */
export function stampConfiguration(zone: Zone): Config {
  if (zone.stamps === undefined) throw new Error(`zone ${zone.name} has a stamping upstream but makes no stamps`);
  const { lifetimeSeconds, token, chain, sign, contentDigest, responses } = zone.stamps;
  return {
    zone: zone.name,
    lifetimeSeconds,
    token,
    ...(chain && { chain }),
    ...(sign !== "" && { sign }),
    ...keysConfiguration(zone.stamps),
    ...(contentDigest && { contentDigest: { ...contentDigest } }),
    ...(responses && { responses: keysConfiguration(responses) }),
  };
}
