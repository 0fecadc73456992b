/** What an AccessPolicy is after reading. Bundles are already unpacked: nothing downstream touches files. */
import type { RegoModule } from "../authorize/rego/bundle.ts";
import type { InternalToken } from "./resource.ts";

export type AccessAction = "ALLOW" | "DENY" | "REQUIRE";

/** How a request is judged; `nothing` = by no rule, only with `defaultDeny`. */
export type AccessCriterion =
  | { readonly by: "cel"; readonly rules: readonly AccessRule[] }
  | { readonly by: "rego"; readonly module: RegoModule; readonly entrypoint: string }
  | { readonly by: "opa"; readonly url: string; readonly timeoutMs: number }
  | { readonly by: "nothing" };

export interface AccessRule {
  /** "" when it was written as `cel:` alone. */
  readonly name: string;
  /** Text that compiles. */
  readonly cel: string;
}

export interface AccessPolicy
  extends Pick<InternalToken, "namespace" | "name" | "target" | "shadow" | "file" | "line"> {
  readonly kind: "AccessPolicy";
  readonly action: AccessAction;
  /** The policy's layer allows nothing by itself: an ALLOW of that layer must match. */
  readonly defaultDeny: boolean;
  readonly criterion: AccessCriterion;
}

export function isAccessPolicy(resource: { readonly kind: string }): resource is AccessPolicy {
  return resource.kind === "AccessPolicy";
}
