/**
 * The candidate set (`shadowPolicies`): a snapshot of its own with key sources of its own, so that an issuer that is only
 * in the candidate and does not answer touches neither readiness nor the keys in force. Nothing is minted for it. A life:
 * fetches keys while there is a candidate.
 */
import type { LivingKeySources } from "../authenticate/key-sources.ts";
import { type Check, createCheck } from "../check.ts";
import type { CheckDeps } from "../check-deps.ts";
import type { Resource } from "../resources/resource.ts";
import { compileSnapshot, type Snapshot, type SnapshotOptions } from "../snapshot.ts";

export interface CandidateParts {
  readonly keys: LivingKeySources;
  readonly options: Omit<SnapshotOptions, "keys">;
  readonly check: Omit<CheckDeps, "snapshot">;
}

export interface Candidate {
  /** Undefined while there is none. */
  check(): Check | undefined;
  /** Empty = no candidate any more. @throws when the set cannot be compiled; then there is none either. */
  apply(resources: readonly Resource[]): void;
  stop(): void;
}

export function createCandidate({ keys, options, check: deps }: CandidateParts): Candidate {
  let snapshot: Snapshot | undefined;
  const check = createCheck({ ...deps, snapshot: () => snapshot });
  return {
    check: () => (snapshot === undefined ? undefined : check),
    apply(all) {
      snapshot = undefined;
      const resources = all.filter((resource) => resource.kind !== "InternalToken");
      const rules = resources.flatMap((one) => (one.kind === "RequestAuthentication" ? one.jwtRules : []));
      // Taken one by one: live sources of other credentials have a memory (replays, quotas) that no trial may touch.
      const { mesh, limits, clockSkewSeconds, compileMint, hash } = options;
      const own = { mesh, limits, clockSkewSeconds, compileMint, hash, keys };
      if (resources.length > 0) snapshot = compileSnapshot(resources, own);
      keys.retain(rules);
    },
    stop: () => keys.stop(),
  };
}
