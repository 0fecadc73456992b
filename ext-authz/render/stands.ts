/** What a zone's guard and stamp are told beyond the description's words: defaults, and what follows from other zones. Pure. */
import type { StampCheck, StampMaking, TokenCheck } from "../../envoy/model.ts";
import type { Context } from "./context.ts";
import type { Description, ZoneText } from "./description.ts";
import type { ServerFacts } from "./facts.ts";
import { keySources } from "./keys-from.ts";
import { acceptedOptions, madeOptions } from "./options.ts";

const LIFETIME_SECONDS = 30;
const CLOCK_SKEW_SECONDS = 5;
const TOKEN_HEADER = "txn-token";
/** Bounds of the filter's own. */
const TOKEN_LENGTH = { least: 64, most: 65_536 };

/** What ext-authz accepts by default, so that the guard refuses nothing else. */
const ALGORITHMS: readonly string[] = [
  ...["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  ...["ES256", "ES384", "ES512", "EdDSA"],
];

/** Names of the zones with a route to this one, in the order of the file. */
export function sendersTo(name: string, { zones }: Description): readonly string[] {
  return Object.entries(zones).flatMap(([from, { routes }]) => (routes.some(({ to }) => to === name) ? [from] : []));
}

/** Never stricter than the server: what the guard refuses the server would refuse too. */
export function tokenCheck(token: NonNullable<ZoneText["token"]>, server: ServerFacts | undefined): TokenCheck {
  const length = server?.settings.limits.tokenLength ?? 16_384;
  return {
    required: token.required ?? false,
    openPaths: token.openPaths ?? [],
    maxLength: Math.min(Math.max(length, TOKEN_LENGTH.least), TOKEN_LENGTH.most),
    clockSkewSeconds: server?.settings.clockSkewSeconds ?? 60,
    requireExpiry: server?.settings.mesh.strict ?? true,
    algorithms: token.algorithms ?? ALGORITHMS,
  };
}

export function acceptedStamps(name: string, zone: ZoneText, senders: readonly string[], context: Context): StampCheck {
  const { description, ring, findings } = context;
  const path = ["zones", name];
  const { verifying } = keySources(name, zone, context);
  if (senders.length === 0) {
    findings.report([...path, "inbound"], "no zone leads here, so no request can be stamped for it");
  }
  const isKeyless = ring.verifying.length === 0 && verifying.keysFrom === undefined;
  if (isKeyless) findings.report([...path, "inbound"], "no key verifies stamps", "keys: […]");
  const unknown = (zone.via ?? []).findIndex((via) => !Object.hasOwn(description.zones, via));
  if (unknown >= 0) findings.report([...path, "via", unknown], "no such zone");
  return {
    zones: senders,
    ...(zone.via !== undefined && { via: zone.via }),
    ...(zone.replayEntries !== undefined && { replayEntries: zone.replayEntries }),
    maxAgeSeconds: description.stamp?.lifetimeSeconds ?? LIFETIME_SECONDS,
    clockSkewSeconds: description.stamp?.clockSkewSeconds ?? CLOCK_SKEW_SECONDS,
    token: description.stamp?.token ?? TOKEN_HEADER,
    keys: ring.verifying,
    ...verifying,
    ...acceptedOptions(name, zone, context),
  };
}

export function madeStamps(name: string, zone: ZoneText, context: Context): StampMaking {
  const { description, ring, findings } = context;
  const { signing } = keySources(name, zone, context);
  const sign = zone.sign ?? ring.signing[0]?.id ?? "";
  // What the server has is known when it is asked.
  const isFetched = signing.keysFrom !== undefined;
  if (ring.signing.length === 0 && !isFetched) {
    findings.report(["zones", name, "routes"], "a route leads to a zone, but no key signs stamps", "keys: […]");
  } else if (!isFetched && !ring.signing.some(({ id }) => id === sign)) {
    const ids = ring.signing.map(({ id }) => id).join(", ");
    findings.report(["zones", name, "sign"], "no such key that signs", `one of: ${ids}`);
  }
  return {
    lifetimeSeconds: description.stamp?.lifetimeSeconds ?? LIFETIME_SECONDS,
    token: description.stamp?.token ?? TOKEN_HEADER,
    ...(zone.chain && { chain: true }),
    sign,
    keys: ring.signing,
    ...signing,
    ...madeOptions(name, zone, context),
  };
}
