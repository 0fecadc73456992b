/** Decisions are built here and nowhere else: one function for each effect, so that an allow cannot be made by omission. */
import type { Allow, Deny, Evidence, Failure, HeaderChanges, RequestModel, Verdict, VerifiedToken } from "./model.ts";
import { realmOf } from "./respond/www-authenticate.ts";
import type { DenyReason, ErrorReason, Refusal } from "./result.ts";

export interface DecisionContext {
  readonly id: string;
  readonly revision: string;
}

interface Denied {
  readonly request: RequestModel;
  readonly token?: VerifiedToken | undefined;
  readonly verdict?: Extract<Verdict, { effect: "deny" }>;
  readonly evidence?: Evidence;
}

export function denied(context: DecisionContext, refusal: Refusal<DenyReason>, found?: Denied): Deny {
  const deny: Deny = {
    id: context.id,
    revision: context.revision,
    effect: "deny",
    refusal,
    policy: found?.verdict?.policy,
    principal: principalOf(found?.token),
    shadow: found?.verdict?.shadow ?? [],
    realm: found === undefined ? "" : realmOf(found.request),
    invalidToken: refusal.code.startsWith("token_"),
  };
  return found?.evidence === undefined ? deny : { ...deny, evidence: found.evidence };
}

export function failed(context: DecisionContext, reason: ErrorReason, cause?: unknown): Failure {
  const { id, revision } = context;
  return { id, revision, effect: "error", reason, cause, policy: undefined, principal: "", shadow: [] };
}

interface Allowed {
  readonly token: VerifiedToken | undefined;
  readonly verdict: Extract<Verdict, { effect: "allow" }>;
  /** In the order in which they are made. */
  readonly changes: readonly HeaderChanges[];
  readonly evidence?: Evidence;
}

/** Member by member: spreading took three times as long, and most decisions are made here. */
export function allowed({ id, revision }: DecisionContext, { token, verdict, changes, evidence }: Allowed): Allow {
  const { policy, shadow } = verdict;
  const principal = principalOf(token);
  const all = merge(changes);
  return evidence === undefined
    ? { id, revision, effect: "allow", policy, principal, shadow, changes: all }
    : { id, revision, effect: "allow", policy, principal, shadow, changes: all, evidence };
}

/** The same allow, with the text by which the proxy may repeat it. */
export function granted(allow: Allow, grant: string): Allow {
  const { id, revision, effect, policy, principal, shadow, changes, evidence } = allow;
  return evidence === undefined
    ? { id, revision, effect, policy, principal, shadow, changes, grant }
    : { id, revision, effect, policy, principal, shadow, changes, evidence, grant };
}

const NO_CHANGES: HeaderChanges = { remove: [], set: [], removeQueryParameters: [] };

function hasChanges({ remove, set, removeQueryParameters }: HeaderChanges): boolean {
  return remove.length + set.length + removeQueryParameters.length > 0;
}

/** Later changes win: a header that is set afterwards is not removed, one that is removed afterwards is not set. */
function merge(all: readonly HeaderChanges[]): HeaderChanges {
  let only: HeaderChanges | undefined;
  for (const changes of all) {
    if (!hasChanges(changes)) continue;
    if (only !== undefined) return mergeSeveral(all);
    only = changes;
  }
  // What one stage alone changes, it has told apart already.
  return only ?? NO_CHANGES;
}

function mergeSeveral(all: readonly HeaderChanges[]): HeaderChanges {
  const set = new Map<string, string>();
  const remove = new Set<string>();
  const query = new Set<string>();
  for (const changes of all) {
    for (const name of changes.remove) {
      set.delete(name);
      remove.add(name);
    }
    for (const [name, value] of changes.set) {
      remove.delete(name);
      set.set(name, value);
    }
    for (const name of changes.removeQueryParameters) query.add(name);
  }
  return { remove: [...remove], set: [...set], removeQueryParameters: [...query] };
}

/** For people and logs only: two pairs may read the same here, so nothing may match on it. */
function principalOf(token: VerifiedToken | undefined): string {
  return token === undefined ? "" : `${token.issuer}/${token.subject ?? ""}`;
}
