/**
 * The last stage of the core: a decision becomes an answer in HTTP's words, still without the wire. Every answer carries
 * the decision id and the dynamic metadata of DESIGN §5. Pure.
 */
import type { Decision, HeaderChanges, PolicyRef } from "../model.ts";
import type { Reason } from "../result.ts";
import { type ClientFace, clientFace } from "./client-face.ts";
import { challenge } from "./www-authenticate.ts";

/** google.rpc.Code, the four that a Check may end with. */
export type StatusCode = 0 | 7 | 14 | 16;
const OK = 0;
const PERMISSION_DENIED = 7;
const UNAVAILABLE = 14;
const UNAUTHENTICATED = 16;

export interface LocalReply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What Envoy keeps as dynamic metadata (DESIGN §5). */
export interface Metadata {
  readonly decision_id: string;
  readonly effect: string;
  readonly reason: string;
  readonly policy: string;
  readonly revision: string;
  readonly principal: string;
  readonly grant?: string;
}

export type Answer = {
  readonly metadata: Metadata;
  readonly decisionId: string;
} & (
  | { readonly kind: "allow"; readonly code: typeof OK; readonly changes: HeaderChanges }
  | { readonly kind: "deny"; readonly code: 7 | 16; readonly reply: LocalReply }
  | { readonly kind: "error"; readonly code: 14; readonly reply: LocalReply }
);

export const DECISION_ID_HEADER = "x-countersign-decision-id";

export function answer(decision: Decision): Answer {
  const metadata = describe(decision);
  switch (decision.effect) {
    case "allow":
      return { kind: "allow", code: OK, changes: decision.changes, metadata, decisionId: decision.id };
    case "deny": {
      const face = clientFace(decision.refusal.code);
      const reply = localReply(face, decision.id, decision.refusal.text);
      const code = face.status === 401 ? UNAUTHENTICATED : PERMISSION_DENIED;
      const asked = challenge(face.status, decision);
      const headers = asked === undefined ? reply.headers : [...reply.headers, ["www-authenticate", asked] as const];
      return { kind: "deny", code, reply: { ...reply, headers }, metadata, decisionId: decision.id };
    }
    case "error": {
      const reply = localReply(clientFace(decision.reason), decision.id, "The request could not be decided");
      return { kind: "error", code: UNAVAILABLE, reply, metadata, decisionId: decision.id };
    }
  }
}

/** RFC 9457 problem details: coarse, with the id that leads the operator to the rest. */
function localReply(face: ClientFace, id: string, detail: string): LocalReply {
  return {
    status: face.status,
    headers: [
      ["content-type", "application/problem+json"],
      ["cache-control", "no-store"],
      [DECISION_ID_HEADER, id],
    ],
    body: JSON.stringify({ type: "about:blank", title: face.title, status: face.status, detail, decision: id }),
  };
}

/** Member by member: this is made for every answer. */
function describe(decision: Decision): Metadata {
  const { id, effect, revision, principal } = decision;
  const reason = reasonOf(decision);
  const policy = decision.policy === undefined ? "" : policyName(decision.policy);
  return decision.effect === "allow" && decision.grant !== undefined
    ? { decision_id: id, effect, reason, policy, revision, principal, grant: decision.grant }
    : { decision_id: id, effect, reason, policy, revision, principal };
}

/** The closed code of a decision; "allowed" for an allow. */
export function reasonOf(decision: Decision): Reason | "allowed" {
  switch (decision.effect) {
    case "allow":
      return "allowed";
    case "deny":
      return decision.refusal.code;
    case "error":
      return decision.reason;
  }
}

/** A rule has one and decides many requests. */
const policyNames = new WeakMap<PolicyRef, string>();

/** `namespace/name`, with `[rule]` where one rule decided. */
export function policyName(policy: PolicyRef): string {
  const known = policyNames.get(policy);
  if (known !== undefined) return known;
  const rule = policy.rule < 0 ? "" : `[${policy.rule}]`;
  const name = `${policy.namespace}/${policy.name}${rule}`;
  policyNames.set(policy, name);
  return name;
}
