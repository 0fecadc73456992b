/** In: the spec of a ProofOfPossession (countersign.dev/v1alpha1). Out: the resource, with misfits reported. Pure. */
import type { ProofOfPossession } from "./credential-resource.ts";
import { type Report, under } from "./field-path.ts";
import { type Envelope, refuseDryRun } from "./manifest.ts";
import { readSeconds } from "./places.ts";
import { closed, type RawTarget, target, text } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { readTarget } from "./target.ts";

interface RawProofOfPossession extends RawTarget {
  readonly mode?: "enforce" | "shadow";
  readonly method: "mtls" | "dpop" | "any";
  readonly required?: boolean;
  readonly certificate?: "peer" | "xfcc";
  readonly xfccTrustedHops?: number;
  readonly htu?: { readonly scheme?: "http" | "https"; readonly host?: string };
  readonly proofAge?: string;
}

const hasShape = shapeOf<RawProofOfPossession>(
  closed(
    {
      ...target,
      mode: { enum: ["enforce", "shadow"] },
      method: { enum: ["mtls", "dpop", "any"] },
      required: { type: "boolean" },
      certificate: { enum: ["peer", "xfcc"] },
      xfccTrustedHops: { type: "integer", minimum: 0, maximum: 16 },
      htu: closed({ scheme: { enum: ["http", "https"] }, host: { ...text, maxLength: 262 } }),
      proofAge: text,
    },
    ["method"],
  ),
);

export function readProofOfPossession(envelope: Envelope, report: Report): ProofOfPossession | undefined {
  const inSpec = under(report, "spec");
  refuseDryRun(envelope, report);
  const { meta, spec } = envelope;
  if (!hasShape(spec, inSpec)) return undefined;
  const { mode = "enforce", method, certificate = "peer", xfccTrustedHops = 0, proofAge = "60s" } = spec;
  const { scheme = "", host = "" } = spec.htu ?? {};
  if (host !== "" && !isHost(host)) inSpec(["htu", "host"], `\`${host}\` is no host`, "for example api.example.com");
  if (method === "mtls" && (spec.htu !== undefined || spec.proofAge !== undefined)) {
    inSpec(
      ["method"],
      "`htu` and `proofAge` speak of DPoP proofs, which `mtls` does not look at",
      "use `dpop` or `any`",
    );
  }
  if (method === "dpop" && spec.certificate !== undefined) {
    inSpec(["certificate"], "`dpop` does not look at certificates", "use `mtls` or `any`");
  }
  if (certificate === "peer" && xfccTrustedHops > 0) {
    inSpec(["xfccTrustedHops"], "counts only with `certificate: xfcc`");
  }
  return {
    kind: "ProofOfPossession",
    ...meta,
    shadow: mode === "shadow",
    target: readTarget(spec, inSpec),
    method,
    required: spec.required ?? false,
    certificate,
    xfccTrustedHops,
    htu: { scheme, host },
    proofAgeSeconds: readSeconds(proofAge, { least: 1, most: 600 }, under(inSpec, "proofAge")),
  };
}

/** `host`, `host:port` or `[v6]:port`, and nothing else that a URL could hold. */
function isHost(text: string): boolean {
  return /^[A-Za-z0-9.\-:[\]]+$/.test(text) && URL.canParse(`https://${text}/`);
}
