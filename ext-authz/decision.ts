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
  return {
    ...context,
    effect: "deny",
    refusal,
    policy: found?.verdict?.policy,
    principal: principalOf(found?.token),
    shadow: found?.verdict?.shadow ?? [],
    realm: found === undefined ? "" : realmOf(found.request),
    invalidToken: refusal.code.startsWith("token_"),
    ...(found?.evidence !== undefined && { evidence: found.evidence }),
  };
}

export function failed(context: DecisionContext, reason: ErrorReason, cause?: unknown): Failure {
  return { ...context, effect: "error", reason, cause, policy: undefined, principal: "", shadow: [] };
}

const NO_CHANGES: HeaderChanges = { remove: [], set: [], removeQueryParameters: [] };

interface Allowed {
  readonly token: VerifiedToken | undefined;
  readonly verdict: Extract<Verdict, { effect: "allow" }>;
  readonly changes: readonly HeaderChanges[];
  readonly evidence?: Evidence;
}

export function allowed(context: DecisionContext, found: Allowed): Allow {
  const allow: Allow = {
    id: context.id,
    revision: context.revision,
    effect: "allow",
    policy: found.verdict.policy,
    principal: principalOf(found.token),
    shadow: found.verdict.shadow,
    changes: merge(found.changes.filter(hasChanges)),
  };
  return found.evidence === undefined ? allow : { ...allow, evidence: found.evidence };
}

function hasChanges({ remove, set, removeQueryParameters }: HeaderChanges): boolean {
  return remove.length + set.length + removeQueryParameters.length > 0;
}

/** Later changes win: a header that is set afterwards is not removed, one that is removed afterwards is not set. */
function merge(all: readonly HeaderChanges[]): HeaderChanges {
  // What one stage alone changes, it has told apart already.
  if (all.length < 2) return all[0] ?? NO_CHANGES;
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
