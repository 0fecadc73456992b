/**
 * In: the spec of an InternalToken (countersign.dev/v1alpha1). Out: the resource, with what cannot be minted reported.
 * Pure. A lifetime is bounded here, so that no file can ask for an internal token that outlives a leak by much.
 */
import { asciiLowerCase } from "../authorize/string-pattern.ts";
import type { JsonObject } from "../model.ts";
import { parseDuration } from "./duration.ts";
import { type Report, under } from "./field-path.ts";
import type { Envelope } from "./manifest.ts";
import type { InternalToken } from "./resource.ts";
import { closed, type RawTarget, target, text } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { readTarget } from "./target.ts";

interface RawInternalToken extends RawTarget {
  readonly audience: string;
  readonly mode?: "enforce" | "shadow";
  readonly lifetime?: string;
  readonly header?: string;
  readonly claims?: { readonly [claim: string]: string };
  readonly constants?: JsonObject;
}

const hasShape = shapeOf<RawInternalToken>(
  closed(
    {
      ...target,
      audience: text,
      mode: { enum: ["enforce", "shadow"] },
      lifetime: text,
      header: text,
      claims: { type: "object", maxProperties: 64, additionalProperties: text },
      constants: { type: "object", maxProperties: 64 },
    },
    ["audience"],
  ),
);

const MAX_LIFETIME_SECONDS = 3600;
/** Made when minting; a mapping could only forge them (RFC 7519 §4.1). */
const OWN_CLAIMS = ["iss", "aud", "exp", "nbf", "iat", "jti"];
/** Headers by which a proxy frames or routes the request: a token there would break it. */
const FRAMING = ["host", "connection", "content-length", "te", "trailer", "transfer-encoding", "upgrade", "cookie"];

export function readInternalToken({ meta, spec, dryRun }: Envelope, report: Report): InternalToken | undefined {
  const inSpec = under(report, "spec");
  if (dryRun !== undefined) {
    report(["metadata", "annotations", "istio.io/dry-run"], "is not supported on this kind", "use `mode: shadow`");
  }
  if (!hasShape(spec, inSpec)) return undefined;
  const { audience, mode = "enforce", lifetime = "60s", claims = {}, constants = {} } = spec;
  const header = asciiLowerCase(spec.header ?? "txn-token");
  if (!/^[-_a-z0-9]+$/.test(header) || FRAMING.includes(header)) {
    inSpec(["header"], `\`${header}\` cannot carry a token`, "for example txn-token");
  }
  const seconds = (parseDuration(lifetime) ?? 0) / 1000;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_LIFETIME_SECONDS) {
    inSpec(["lifetime"], `\`${lifetime}\` is no whole number of seconds from 1s to 1h`, "for example 60s");
  }
  for (const [claim, from] of Object.entries(claims)) {
    if (OWN_CLAIMS.includes(claim)) inSpec(["claims", claim], "is set when minting and cannot be mapped");
    if (Object.hasOwn(constants, claim)) inSpec(["claims", claim], "is also a constant");
    if (from.split(".").includes(""))
      inSpec(["claims", claim], `\`${from}\` is no claim path`, "for example realm.roles");
  }
  for (const claim of Object.keys(constants)) {
    if (OWN_CLAIMS.includes(claim)) inSpec(["constants", claim], "is set when minting and cannot be a constant");
  }
  return {
    kind: "InternalToken",
    ...meta,
    shadow: mode === "shadow",
    target: readTarget(spec, inSpec),
    audience,
    lifetimeSeconds: seconds,
    header,
    claims: Object.entries(claims).map(([claim, from]) => ({ claim, from })),
    constants,
  };
}
