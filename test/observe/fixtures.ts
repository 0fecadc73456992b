/** Decisions and what was seen for them, in short. */
import { allowed, denied, failed } from "../../ext-authz/decision.ts";
import type { Decision, Evidence, JsonObject, PolicyRef, RequestModel, ShadowVerdict } from "../../ext-authz/model.ts";
import type { RecordRules } from "../../ext-authz/observe/recorded-request.ts";
import { request } from "../authorize/fixtures.ts";

export const context = { id: "d1", revision: "r1" };

export function ref(name: string, rule = 0): PolicyRef {
  return { kind: "AuthorizationPolicy", namespace: "foo", name, layer: "application", rule };
}

export function seen(changes: Partial<RequestModel> = {}, payload?: JsonObject): Evidence {
  const received = request(changes);
  return { received, judged: received, payload };
}

export function anAllow(policy?: PolicyRef, shadow: readonly ShadowVerdict[] = [], evidence = seen()): Decision {
  return allowed(context, { token: undefined, verdict: { effect: "allow", policy, shadow }, changes: [], evidence });
}

export function aDeny(
  code: "denied_by_policy" | "no_policy_allows" | "no_policy",
  policy?: PolicyRef,
  shadow: readonly ShadowVerdict[] = [],
  evidence = seen(),
): Decision {
  const verdict = { effect: "deny", refusal: { code, text: "no" }, policy, shadow } as const;
  return denied(context, verdict.refusal, { request: evidence.received, verdict, evidence });
}

export const aFailure: Decision = failed(context, "internal_error");

export function rules(
  headers: readonly string[],
  claims: readonly string[] = [],
  masked: readonly string[] = [],
): RecordRules {
  return {
    reads: { headers: new Set(headers), claims: new Set(["iss", "sub", ...claims]), other: false },
    maskHeaders: new Set(masked),
    maskClaims: new Set(masked),
  };
}
