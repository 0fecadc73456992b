/**
 * In: the spec of an ApiKeys resource (countersign.dev/v1alpha1). Out: the resource, with misfits reported. Pure. Only
 * hashes stand in files; two entries of one name are two keys of one consumer, as a rotation needs them.
 */
import type { JsonObject } from "../model.ts";
import type { ApiKeys } from "./credential-resource.ts";
import { type Report, under } from "./field-path.ts";
import { type Envelope, refuseDryRun } from "./manifest.ts";
import { places, type RawPlaces, readPlaces } from "./places.ts";
import { closed, type RawTarget, target, text } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { readTarget } from "./target.ts";

interface RawConsumer {
  readonly name: string;
  readonly sha256: string;
  readonly claims?: JsonObject;
}

interface RawApiKeys extends RawTarget, RawPlaces {
  readonly mode?: "enforce" | "shadow";
  readonly issuer: string;
  readonly forwardOriginalKey?: boolean;
  readonly consumers: readonly RawConsumer[];
}

const consumer = closed(
  {
    name: { ...text, maxLength: 256 },
    sha256: text,
    claims: { type: "object", maxProperties: 64 },
  },
  ["name", "sha256"],
);

const hasShape = shapeOf<RawApiKeys>(
  closed(
    {
      ...target,
      ...places,
      mode: { enum: ["enforce", "shadow"] },
      issuer: text,
      forwardOriginalKey: { type: "boolean" },
      consumers: { type: "array", maxItems: 10_000, items: consumer },
    },
    ["issuer", "consumers"],
  ),
);

/** Said by `issuer` and `name`, or only a token can have them. */
const OWN_CLAIMS = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti", "cnf", "act"];

export function readApiKeys(envelope: Envelope, report: Report): ApiKeys | undefined {
  const inSpec = under(report, "spec");
  refuseDryRun(envelope, report);
  const { meta, spec } = envelope;
  if (!hasShape(spec, inSpec)) return undefined;
  const seen = new Set<string>();
  for (const [index, { sha256, claims = {} }] of spec.consumers.entries()) {
    const inConsumer = under(inSpec, "consumers", index);
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      inConsumer(["sha256"], "is no SHA-256 in 64 lower-case hex digits", "printf %s KEY | sha256sum");
    } else if (seen.has(sha256)) inConsumer(["sha256"], "stands here twice: whose key it is could not be said");
    seen.add(sha256);
    for (const claim of Object.keys(claims)) {
      if (OWN_CLAIMS.includes(claim)) inConsumer(["claims", claim], "is not the consumer's to say");
    }
  }
  return {
    kind: "ApiKeys",
    ...meta,
    shadow: (spec.mode ?? "enforce") === "shadow",
    target: readTarget(spec, inSpec),
    ...readPlaces(spec, inSpec),
    forward: spec.forwardOriginalKey ?? false,
    issuer: spec.issuer,
    consumers: spec.consumers.map(({ name, sha256, claims = {} }) => ({ name, sha256, claims })),
  };
}
