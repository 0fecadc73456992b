/**
 * In: the spec of a TokenIntrospection (countersign.dev/v1alpha1). Out: the resource, with misfits reported. Pure. The
 * secret itself never stands in a policy file, only the name of its file.
 */
import type { TokenIntrospection } from "./credential-resource.ts";
import { parseDuration } from "./duration.ts";
import { type Report, under } from "./field-path.ts";
import { isHttpUrl } from "./jwt-rule.ts";
import { type Envelope, refuseDryRun } from "./manifest.ts";
import { pathBeside, places, type RawPlaces, readPlaces, readSeconds } from "./places.ts";
import { closed, type RawTarget, target, text, texts } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { readTarget } from "./target.ts";

interface RawTokenIntrospection extends RawTarget, RawPlaces {
  readonly mode?: "enforce" | "shadow";
  readonly endpoint: string;
  readonly clientId: string;
  readonly clientSecretFile: string;
  readonly issuer: string;
  readonly audiences?: readonly string[];
  readonly forwardOriginalToken?: boolean;
  readonly cache?: string;
  readonly timeout?: string;
}

const hasShape = shapeOf<RawTokenIntrospection>(
  closed(
    {
      ...target,
      ...places,
      mode: { enum: ["enforce", "shadow"] },
      endpoint: { ...text, maxLength: 2048 },
      clientId: { ...text, maxLength: 256 },
      clientSecretFile: text,
      issuer: text,
      audiences: texts(),
      forwardOriginalToken: { type: "boolean" },
      cache: text,
      timeout: text,
    },
    ["endpoint", "clientId", "clientSecretFile", "issuer"],
  ),
);

/** A token that its server has withdrawn is accepted for as long as this at most. */
const MAX_CACHE_SECONDS = 300;
const MAX_TIMEOUT_MS = 30_000;

export function readTokenIntrospection(envelope: Envelope, report: Report): TokenIntrospection | undefined {
  const inSpec = under(report, "spec");
  refuseDryRun(envelope, report);
  const { meta, spec } = envelope;
  if (!hasShape(spec, inSpec)) return undefined;
  const { endpoint, mode = "enforce", cache = "30s", timeout = "2s" } = spec;
  if (!isHttpUrl(endpoint)) inSpec(["endpoint"], `\`${endpoint}\` is no http or https URL`);
  else if (/^http:/i.test(endpoint)) {
    inSpec(["endpoint"], "tokens and the client's secret are sent in the clear", "use https", "warning");
  }
  const timeoutMs = parseDuration(timeout) ?? 0;
  if (timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
    inSpec(["timeout"], `\`${timeout}\` is no duration from 1ms to 30s`, "for example 2s");
  }
  return {
    kind: "TokenIntrospection",
    ...meta,
    shadow: mode === "shadow",
    target: readTarget(spec, inSpec),
    ...readPlaces(spec, inSpec),
    forward: spec.forwardOriginalToken ?? false,
    endpoint,
    clientId: spec.clientId,
    clientSecretFile: pathBeside(meta.file, spec.clientSecretFile),
    issuer: spec.issuer,
    audiences: spec.audiences ?? [],
    cacheSeconds: readSeconds(cache, { least: 0, most: MAX_CACHE_SECONDS }, under(inSpec, "cache")),
    timeoutMs,
  };
}
