/**
 * The guard: first HTTP filter of the listener. In: a zone. Out: its filter with the stand's configuration.
 * It strips what only Countersign may set, refuses the malformed and, in inner zones, whatever carries no good stamp.
 */
import type { Config, Zone } from "./model.ts";
import { keyConfiguration, variablesOf, wasmStand } from "./wasm.ts";

export function guard(zone: Zone): Config {
  return wasmStand("guard", zone.filter, guardConfiguration(zone), variablesOf(zone));
}

/** Without `stand`, which the plugin's own entry adds. */
export function guardConfiguration({ name, inbound, ownedHeaders, token, accepts }: Zone): Config {
  return {
    zone: name,
    inbound,
    ownedHeaders,
    ...(token && { token: { check: true, ...token } }),
    // The listener normalizes and merges slashes before any filter runs; what is still ambiguous after that is refused.
    path: { normalization: "MERGE_SLASHES", maxLength: 8192, refuseAmbiguous: true },
    ...(accepts && {
      stamp: {
        verify: true,
        zones: accepts.zones,
        ...(accepts.via && { via: accepts.via }),
        ...(accepts.replayEntries !== undefined && { replay: { entries: accepts.replayEntries } }),
        maxAgeSeconds: accepts.maxAgeSeconds,
        clockSkewSeconds: accepts.clockSkewSeconds,
        token: accepts.token,
        keys: accepts.keys.map(keyConfiguration),
      },
    }),
  };
}
