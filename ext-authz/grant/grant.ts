/**
 * Whether the proxy may repeat an allow, and for what. In: the workload's grant plan, the request, what its credentials allow,
 * the epoch that was read before all of these. Out: the grant's text, or the one reason why there is none. Pure.
 */
import type { Authentication, HeaderChanges, RequestModel } from "../model.ts";
import type { Incoming } from "../request/incoming.ts";
import { err, ok, type Result } from "../result.ts";
import { grantsOf } from "./known-paths.ts";
import { grantMilliseconds } from "./lifetime.ts";
import type { GrantPlan } from "./plan.ts";
import { BARRIERS } from "./read.ts";
import { eligiblePath } from "./target.ts";
import { grantText } from "./text.ts";

export const UNGRANTED = [
  ...BARRIERS,
  /** No HTTP. */
  "tcp",
  /** The target could be read in two ways. */
  "target",
  "preflight",
  /** Query parameters must be taken out, which a guard cannot. */
  "query_change",
  /** A proof was used up. */
  "one_time",
  "several_tokens",
  /** Too little time is left. */
  "short_lived",
  /** The text would be too large, or hold what it cannot. */
  "text",
  /** The clock was set while grants may be alive, or nobody vouches for the state. */
  "unsettled",
] as const;
export type Ungranted = (typeof UNGRANTED)[number];

export interface Asked {
  readonly plan: GrantPlan;
  readonly incoming: Incoming;
  readonly received: Pick<RequestModel, "path">;
  readonly authentication: Pick<Authentication, "repeatable">;
  readonly decision: { readonly id: string; readonly changes: HeaderChanges };
  readonly epoch: string | undefined;
  /** Seconds since the epoch, at the end of the check. */
  readonly now: number;
  readonly maxSeconds: number;
}

export function grantOf(asked: Asked): Result<string, Ungranted> {
  const { plan, incoming, received, authentication, decision, epoch, now, maxSeconds } = asked;
  const { http, source } = incoming;
  if (http === undefined) return err("tcp");
  if (epoch === undefined) return err("unsettled");
  const path = eligiblePath(http.target);
  if (path === undefined || path !== received.path) return err("target");
  if (plan.preflights && http.method === "OPTIONS") return err("preflight");
  const { needs, terms } = grantsOf(plan, path);
  const { inputs, inputsOfPeer, barrier } = needs;
  if (barrier !== undefined) return err(barrier);
  // Nothing can be taken out of a target without a query.
  if (decision.changes.removeQueryParameters.length > 0 && http.target.includes("?")) return err("query_change");
  const { repeatable } = authentication;
  if (repeatable === undefined) return err("opaque_policy");
  if (repeatable.never !== undefined) return err(repeatable.never);
  const { mintedSeconds } = plan;
  const milliseconds = grantMilliseconds({ now, maxSeconds, until: repeatable.until, mintedSeconds });
  if (milliseconds === undefined) return err("short_lived");
  const text = grantText({
    epoch,
    milliseconds,
    decisionId: decision.id,
    // A malformed identity is refused whatever the policies say (`request/peer-identity.ts`), so one that was shown counts.
    inputs: source.principal === "" && source.certificate === "" ? inputs : inputsOfPeer,
    path: terms,
    changes: decision.changes,
  });
  return text === undefined ? err("text") : ok(text);
}
