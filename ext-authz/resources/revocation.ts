/** In: the spec of a Revocation (countersign.dev/v1alpha1). Out: the resource, with misfits reported. Pure. */
import type { Revocation } from "./credential-resource.ts";
import { type Report, under } from "./field-path.ts";
import { isHttpUrl } from "./jwt-rule.ts";
import { type Envelope, refuseDryRun } from "./manifest.ts";
import { pathBeside, readSeconds } from "./places.ts";
import { closed, type RawTarget, target, text } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { readTarget } from "./target.ts";

interface RawRevocation extends RawTarget {
  readonly mode?: "enforce" | "shadow";
  readonly file?: string;
  readonly uri?: string;
  readonly interval?: string;
  readonly maxAge?: string;
}

const hasShape = shapeOf<RawRevocation>(
  closed({
    ...target,
    mode: { enum: ["enforce", "shadow"] },
    file: text,
    uri: { ...text, maxLength: 2048 },
    interval: text,
    maxAge: text,
  }),
);

export function readRevocation(envelope: Envelope, report: Report): Revocation | undefined {
  const inSpec = under(report, "spec");
  refuseDryRun(envelope, report);
  const { meta, spec } = envelope;
  if (!hasShape(spec, inSpec)) return undefined;
  const { mode = "enforce", file, uri, interval = "10s", maxAge = "1h" } = spec;
  if ((file === undefined) === (uri === undefined)) inSpec([], "exactly one of `file` and `uri` must be set");
  if (uri !== undefined && !isHttpUrl(uri)) inSpec(["uri"], `\`${uri}\` is no http or https URL`);
  else if (uri !== undefined && /^http:/i.test(uri)) {
    inSpec(["uri"], "whoever stands on the way can leave revocations out", "use https", "warning");
  }
  const intervalSeconds = readSeconds(interval, { least: 1, most: 3600 }, under(inSpec, "interval"));
  const maxAgeSeconds = readSeconds(maxAge, { least: 1, most: 604_800 }, under(inSpec, "maxAge"));
  if (maxAgeSeconds <= intervalSeconds) inSpec(["maxAge"], "must be longer than `interval`");
  return {
    kind: "Revocation",
    ...meta,
    shadow: mode === "shadow",
    target: readTarget(spec, inSpec),
    path: file === undefined ? undefined : pathBeside(meta.file, file),
    uri,
    intervalSeconds,
    maxAgeSeconds,
  };
}
