/**
 * In: the compiled AccessPolicies that apply to one workload. Out: their tests by what they do, and what must be asked
 * before. Pure, at load. The order of policies changes which of them is named, never what is decided.
 */
import type { Layer, PolicyRef } from "../model.ts";
import type { AccessTest, CompiledAccessPolicy, OpaQuestion } from "./access-policy.ts";

export interface AccessPlan {
  /** Locks, the platform's first: every one must hold. */
  readonly require: readonly AccessTest[];
  readonly deny: readonly AccessTest[];
  readonly allow: readonly AccessTest[];
  /** Layers of which an ALLOW must match, and the policy that says so. */
  readonly closed: readonly PolicyRef[];
  readonly hasAllow: boolean;
  readonly shadow: Pick<AccessPlan, "require" | "deny" | "allow"> & {
    /** The shadow ALLOW policy that would begin to refuse; undefined when there is none. */
    readonly refusing: PolicyRef | undefined;
  };
  readonly questions: { readonly enforced: readonly OpaQuestion[]; readonly shadow: readonly OpaQuestion[] };
}

const DEPTH: Readonly<Record<Layer, number>> = { platform: 0, application: 1, service: 2 };

export function planAccess(compiled: readonly CompiledAccessPolicy[]): AccessPlan {
  const enforced = compiled.filter(({ policy }) => !policy.shadow);
  const shadow = compiled.filter(({ policy }) => policy.shadow);
  const allowing = (one: CompiledAccessPolicy): boolean => one.policy.action === "ALLOW";
  return {
    ...testsOf(enforced),
    closed: enforced.filter(({ policy }) => policy.defaultDeny).map(({ ref }) => ref),
    hasAllow: enforced.some(allowing),
    shadow: { ...testsOf(shadow), refusing: shadow.find(allowing)?.ref },
    questions: { enforced: questionsOf(enforced), shadow: questionsOf(shadow) },
  };
}

function testsOf(compiled: readonly CompiledAccessPolicy[]): Pick<AccessPlan, "require" | "deny" | "allow"> {
  const of = (action: string) =>
    compiled
      .filter(({ policy }) => policy.action === action)
      .flatMap(({ tests }) => tests)
      .sort((a, b) => DEPTH[a.ref.layer] - DEPTH[b.ref.layer]);
  return { require: of("REQUIRE"), deny: of("DENY"), allow: of("ALLOW") };
}

function questionsOf(compiled: readonly CompiledAccessPolicy[]): readonly OpaQuestion[] {
  return compiled.map(({ question }) => question).filter((question) => question !== undefined);
}
