/** In: the spec of a TokenProfile (countersign.dev/v1alpha1). Out: the resource, with misfits reported. Pure. */
import type { TokenProfile } from "./credential-resource.ts";
import { type Report, under } from "./field-path.ts";
import { type Envelope, refuseDryRun } from "./manifest.ts";
import { closed, type RawTarget, target, texts } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { readTarget } from "./target.ts";

interface RawTokenProfile extends RawTarget {
  readonly mode?: "enforce" | "shadow";
  readonly issuers?: readonly string[];
  readonly type: "at+jwt";
}

const hasShape = shapeOf<RawTokenProfile>(
  closed(
    { ...target, mode: { enum: ["enforce", "shadow"] }, issuers: texts({ maxItems: 256 }), type: { enum: ["at+jwt"] } },
    ["type"],
  ),
);

export function readTokenProfile(envelope: Envelope, report: Report): TokenProfile | undefined {
  const inSpec = under(report, "spec");
  refuseDryRun(envelope, report);
  const { meta, spec } = envelope;
  if (!hasShape(spec, inSpec)) return undefined;
  return {
    kind: "TokenProfile",
    ...meta,
    shadow: (spec.mode ?? "enforce") === "shadow",
    target: readTarget(spec, inSpec),
    issuers: spec.issuers ?? [],
    type: spec.type,
  };
}
