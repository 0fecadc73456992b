/**
 * Grants of this process: its epoch and what checks issue. In: settings, what is in force, living sources, who counts. Out: the
 * epoch for operators and guards, and a way to begin a grant. Effects: reads clocks, and the package.json once.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { packageRoot } from "../config/package-root.ts";
import type { Settings } from "../config/settings.ts";
import { createEpoch, type Epoch } from "../grant/epoch.ts";
import type { Ungranted } from "../grant/grant.ts";
import { type BeginGrant, grantIssuer } from "../grant/issue.ts";
import type { SigningKey } from "../mint/signing-key.ts";
import type { Snapshot } from "../snapshot.ts";

export interface GrantParts {
  /** What is in force. */
  readonly snapshot: () => Pick<Snapshot, "revision" | "resources"> | undefined;
  /** Each names its parts and their contents. */
  readonly sources: readonly { readonly revisions: () => readonly string[] }[];
  readonly signingKey: Pick<SigningKey, "kid">;
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly counted: (outcome: "issued" | Ungranted) => void;
}

export interface Grants {
  readonly epoch: Epoch;
  /** Undefined: `grants.enabled` is off. */
  readonly begin: BeginGrant | undefined;
}

export function openGrants(settings: Settings, { snapshot, sources, signingKey, now, counted }: GrantParts): Grants {
  const { grants, limits } = settings;
  const meaning = `settings ${settingsText(settings)}`;
  // Another program may decide otherwise: after an upgrade nothing of the old one is repeated.
  const program = `program ${createHash("sha256")
    .update(readFileSync(new URL("package.json", packageRoot)))
    .digest("hex")}`;
  const revisions = (): readonly string[] | undefined => {
    const inForce = snapshot();
    if (inForce === undefined) return undefined;
    // Only where it signs: a key made at start is another one in each process.
    const mints = inForce.resources.some(({ kind }) => kind === "InternalToken");
    const key = mints ? [`mint ${signingKey.kid}`] : [];
    return [
      program,
      `policies ${inForce.revision}`,
      meaning,
      ...key,
      ...sources.flatMap((source) => source.revisions()),
    ];
  };
  const hash = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 32);
  const epoch = createEpoch({ revisions, hash, now, clock: () => performance.now() });
  const issuing = {
    maxSeconds: grants.maxTtlMs / 1000,
    pathLength: limits.pathLength,
    epoch: epoch.forGrants,
    ...{ now, counted },
  };
  return { epoch, begin: grants.enabled ? grantIssuer(issuing) : undefined };
}

/** What a decision depends on; the revision of the policies holds some of it already. */
function settingsText({ mesh, limits, clockSkewSeconds, clientAddress, workload, mint, grants }: Settings): string {
  const labels = Object.entries(workload.labels).sort(([a], [b]) => (a < b ? -1 : 1));
  const { namespace, name } = workload;
  const protectedWorkload = [namespace, name, labels];
  return JSON.stringify([mesh, limits, clockSkewSeconds, clientAddress, protectedWorkload, mint.issuer, grants]);
}
