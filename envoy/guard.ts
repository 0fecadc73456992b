/**
 * The guard: first HTTP filter of the listener. In: a zone. Out: its filter with the stand's configuration.
 * It strips what only Countersign may set, refuses the malformed and, in inner zones, whatever carries no good stamp.
 */
import { createHash } from "node:crypto";
import { type Config, type ConfigValue, grantsCluster, type Route, type Zone } from "./model.ts";
import { keysConfiguration, variablesOf, wasmStand } from "./wasm.ts";

export function guard(zone: Zone): Config {
  const grants = zone.grants && grantsOf(zone, zone.grants);
  return wasmStand("guard", zone.filter, { ...guardConfiguration(zone), ...(grants && { grants }) }, variablesOf(zone));
}

/**
 * Without `stand`, which the plugin's own entry adds, and without grants: a guard may only repeat where ext_authz is wrapped
 * (`extAuthz`), else the server would be asked about a request that is changed already.
 */
export function guardConfiguration(zone: Zone): Config {
  const { name, inbound, ownedHeaders, token, accepts } = zone;
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
        ...keysConfiguration(accepts),
        ...(accepts.contentDigest && { contentDigest: { ...accepts.contentDigest } }),
      },
      ...(accepts.responses && {
        responses: {
          ...(accepts.responses.sign !== "" && { sign: accepts.responses.sign }),
          ...keysConfiguration(accepts.responses),
        },
      }),
    }),
  };
}

function grantsOf({ routes }: Zone, grants: NonNullable<Zone["grants"]>): Config {
  const { cluster = grantsCluster, address, pollMilliseconds, maxBytes } = grants;
  const workloads = new Set(routes.map(({ workload }) => JSON.stringify(workload)));
  const foreign = grants.routeHeaders ?? [];
  const routeHeaders = [...new Set([...routes.flatMap(matchedHeaders), ...foreign])].sort();
  const isKnown = grants.routesByOthers !== true || grants.routeHeaders !== undefined;
  return {
    // Guards with equal configurations share their grants: what routes say to the server must be equal then.
    scope: createHash("sha256")
      .update(JSON.stringify(routes.map(({ workload }) => workload)))
      .digest("hex")
      .slice(0, 16),
    cluster,
    authority: address.host,
    ...(pollMilliseconds !== undefined && { pollMilliseconds }),
    ...(maxBytes !== undefined && { maxBytes }),
    routes: workloads.size > 1 ? "named" : "one",
    ...(isKnown && { routeHeaders }),
  };
}

/** Headers on which a route matches: Envoy chooses anew when the guard writes one. */
function matchedHeaders({ match }: Route): readonly string[] {
  const headers: ConfigValue = match?.["headers"] ?? [];
  const names = Array.isArray(headers) ? headers.map((header: ConfigValue) => Object(header)["name"]) : [];
  return names.filter((name): name is string => typeof name === "string" && !name.startsWith(":"));
}
