/**
 * What a lint rule is. In: all resources that were read, and how the mesh is told to read them. Out: findings, each with
 * the place, what is wrong and what would be right. Rules are pure and never touch what a policy means.
 */
import type { MeshSettings } from "../config/settings.ts";
import type { Workload } from "../model.ts";
import type { Path } from "../resources/field-path.ts";
import type {
  AuthorizationPolicy,
  PeerAuthentication,
  RequestAuthentication,
  Resource,
} from "../resources/resource.ts";

export interface LintInput {
  readonly mesh: MeshSettings;
  readonly policies: readonly AuthorizationPolicy[];
  readonly authentications: readonly RequestAuthentication[];
  readonly peers: readonly PeerAuthentication[];
  /** Workloads that are known to exist; empty = nothing is known. */
  readonly workloads: readonly Workload[];
}

export interface RawFinding {
  readonly resource: Resource;
  /** From the resource's top: `["spec", "rules", 0, …]`. */
  readonly path: Path;
  readonly message: string;
  readonly fix: string;
}

export interface LintRule {
  /** Stable, kebab-case; a row in docs/lint.md. */
  readonly id: string;
  /** Why it matters, one line. */
  readonly why: string;
  readonly check: (input: LintInput) => readonly RawFinding[];
}
