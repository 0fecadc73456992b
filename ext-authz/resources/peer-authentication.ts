/**
 * In: the spec of a PeerAuthentication. Out: the resource, with what Istio refuses or warns of reported. Pure.
 */
import { parseDecimal } from "../request/ip-address.ts";
import { type Report, under } from "./field-path.ts";
import { type Envelope, refuseDryRun } from "./manifest.ts";
import type { PeerAuthentication } from "./resource.ts";
import { closed, type RawSelector, selector } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { checkSelector } from "./target.ts";

interface RawMtls {
  readonly mode?: PeerAuthentication["mode"];
}

interface RawPeerAuthentication {
  readonly selector?: RawSelector;
  readonly mtls?: RawMtls;
  readonly portLevelMtls?: { readonly [port: string]: RawMtls };
}

const mtls = closed({ mode: { enum: ["UNSET", "DISABLE", "PERMISSIVE", "STRICT"] } });

const hasShape = shapeOf<RawPeerAuthentication>(
  closed({
    selector,
    mtls,
    portLevelMtls: { type: "object", minProperties: 1, additionalProperties: mtls },
  }),
);

export function readPeerAuthentication(envelope: Envelope, report: Report): PeerAuthentication | undefined {
  const inSpec = under(report, "spec");
  refuseDryRun(envelope, report);
  const { meta, spec } = envelope;
  if (!hasShape(spec, inSpec)) return undefined;
  if (spec.selector !== undefined) checkSelector(spec.selector, inSpec);
  const matchLabels = new Map(Object.entries(spec.selector?.matchLabels ?? {}));
  if (spec.portLevelMtls !== undefined && matchLabels.size === 0) {
    inSpec(["portLevelMtls"], "needs a selector with labels", "ports only mean something on chosen workloads");
  }
  const portLevelMtls = new Map<number, PeerAuthentication["mode"]>();
  for (const [text, { mode = "UNSET" }] of Object.entries(spec.portLevelMtls ?? {})) {
    const port = parseDecimal(text, 65535) ?? 0;
    if (port === 0) inSpec(["portLevelMtls", text], `\`${text}\` is no port from 1 to 65535`);
    portLevelMtls.set(port, mode);
  }
  return {
    kind: "PeerAuthentication",
    ...meta,
    shadow: false,
    target: { matchLabels, targetRefs: [] },
    mode: spec.mtls?.mode ?? "UNSET",
    portLevelMtls,
  };
}
