/**
 * Issuing grants with the clock and the state of this process. In: settings, the epoch, the clock, who counts. Out: what a
 * check calls before it reads anything, and with what it decided. Effects: only through what is handed in.
 */
import { granted } from "../decision.ts";
import type { Allow, Authentication, RequestModel } from "../model.ts";
import type { Incoming } from "../request/incoming.ts";
import { grantOf, type Ungranted } from "./grant.ts";
import type { GrantPlan } from "./plan.ts";
import { MAX_TARGET } from "./target.ts";

/** Adds the grant to an allow where there may be one. */
export type IssueGrant = (
  plan: GrantPlan | undefined,
  received: RequestModel,
  authentication: Authentication,
  allow: Allow,
) => Allow;

/** To be called before the check reads anything that can change, so that an old answer never bears a new epoch. */
export type BeginGrant = (incoming: Incoming) => IssueGrant;

export interface Granting {
  /** `grants.maxTtl`. */
  readonly maxSeconds: number;
  /** Of the limits: the guard looks at shorter targets only, so one that is too long must be too long for it as well. */
  readonly pathLength: number;
  /** Undefined while nothing may be granted. */
  readonly epoch: () => string | undefined;
  /** Seconds since the epoch. */
  readonly now: () => number;
  readonly counted: (outcome: "issued" | Ungranted) => void;
}

export function grantIssuer({ maxSeconds, pathLength, epoch, now, counted }: Granting): BeginGrant {
  return (incoming) => {
    const before = pathLength < MAX_TARGET ? undefined : epoch();
    return (plan, received, authentication, allow) => {
      if (plan === undefined) return allow;
      const asked = {
        plan,
        incoming,
        received,
        authentication,
        decision: allow,
        epoch: before,
        now: now(),
        maxSeconds,
      };
      const grant = grantOf(asked);
      counted(grant.ok ? "issued" : grant.error);
      return grant.ok ? granted(allow, grant.value) : allow;
    };
  };
}
