/**
 * What a zone may ask of those who stamp for it: bodies as they were stamped, and that its own answers are signed. In: the
 * description. Out: the guard's part, and the stamp's, which follows from the zones that it leads to. Pure.
 */
import type { Keys, StampCheck, StampMaking } from "../../envoy/model.ts";
import type { Path } from "../resources/field-path.ts";
import type { Context } from "./context.ts";
import type { Description, ZoneText } from "./description.ts";
import { type KeySources, keySources } from "./keys-from.ts";
import { own } from "./placement.ts";

const BODY_BYTES = 65_536;

/** Refused where no stamp comes in: there is nothing to hold a body against, nor to bind an answer to. */
export function checkEdge(name: string, zone: ZoneText, { findings }: Context): void {
  if (zone.inbound === "zone") return;
  for (const member of ["contentDigest", "responses"] as const) {
    if (zone[member] === undefined) continue;
    findings.report(["zones", name, member], "belongs to a zone that is stamped for", "inbound: zone");
  }
}

export function acceptedOptions(
  name: string,
  zone: ZoneText,
  context: Context,
): Pick<StampCheck, "contentDigest" | "responses"> {
  const { contentDigest, responses } = zone;
  const path = ["zones", name];
  if (contentDigest !== undefined && !context.placement.givesBodies) {
    context.findings.report([...path, "contentDigest"], "a guard is given no bodies here");
  }
  return {
    ...(contentDigest && { contentDigest: digestOf(contentDigest) }),
    ...(responses && { responses: signing(name, zone, responses.sign, context) }),
  };
}

export function madeOptions(
  name: string,
  zone: ZoneText,
  context: Context,
): Pick<StampMaking, "contentDigest" | "responses"> {
  const next = leadsTo(zone, context.description);
  const bytes = next.flatMap(({ contentDigest }) => (contentDigest ? [digestOf(contentDigest).maxBytes] : []));
  const isSigned = next.some(({ responses }) => responses !== undefined);
  if (isSigned) checkAllSign(name, zone, context);
  return {
    // One stand for all of them: a zone that takes less says so itself.
    ...(bytes.length > 0 && { contentDigest: { maxBytes: Math.max(...bytes) } }),
    ...(isSigned && { responses: verifying(name, zone, context) }),
  };
}

function digestOf({ maxBytes = BODY_BYTES }: NonNullable<ZoneText["contentDigest"]>): { readonly maxBytes: number } {
  return { maxBytes };
}

function leadsTo({ routes }: ZoneText, { zones }: Description): readonly ZoneText[] {
  return [...new Set(routes.map(({ to }) => to))].flatMap((to) => own(zones, to) ?? []);
}

/** The stand takes signed answers only, whoever they come from. */
function checkAllSign(name: string, zone: ZoneText, { description, placement, findings }: Context): void {
  for (const [index, { to }] of zone.routes.entries()) {
    const path: Path = ["zones", name, "routes", index, "to"];
    const next = own(description.zones, to);
    if (next !== undefined && next.responses === undefined) {
      findings.report(path, `${to} does not sign its responses, and another zone that this one leads to does`);
    } else if (next === undefined && placement.stampSeesAll(name)) {
      const message = `the answers of ${to} are not signed, and a stamp before the router takes no others`;
      findings.report(path, message, "stampStand: upstream");
    }
  }
}

function signing(
  name: string,
  zone: ZoneText,
  named: string | undefined,
  context: Context,
): NonNullable<StampCheck["responses"]> {
  const { signing: keys } = context.responseRing;
  const { signing: source }: KeySources = keySources(name, zone, context);
  const path = ["zones", name, "responses"];
  if (keys.length === 0 && source.keysFrom === undefined) {
    context.findings.report(path, "no key signs responses", "responseKeys: […]");
  } else if (named !== undefined && source.keysFrom === undefined && !keys.some(({ id }) => id === named)) {
    const ids = keys.map(({ id }) => id).join(", ");
    context.findings.report([...path, "sign"], "no such key that signs responses", `one of: ${ids}`);
  }
  return { keys, ...source, sign: named ?? keys[0]?.id ?? "" };
}

function verifying(name: string, zone: ZoneText, context: Context): Keys {
  const { verifying: keys } = context.responseRing;
  const { verifying: source } = keySources(name, zone, context);
  if (keys.length === 0 && source.keysFrom === undefined) {
    context.findings.report(["zones", name, "routes"], "no key verifies responses", "responseKeys: […]");
  }
  return { keys, ...source };
}
