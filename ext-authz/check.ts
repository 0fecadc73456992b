/**
 * The story of one Check: request → authenticate → authorize → mint → decision. No arrow goes back; every stage answers
 * with a value, and the only allow is built in the last line.
 */
import { identify } from "./authenticate/credentials/identify.ts";
import { consultAndAuthorize } from "./authorize/access-policy-consult.ts";
import type { CheckDeps } from "./check-deps.ts";
import { allowed, type DecisionContext, denied, failed } from "./decision.ts";
import { mintAll } from "./mint/mint.ts";
import type { Decision } from "./model.ts";
import { applyChanges } from "./request/apply-changes.ts";
import { buildRequest } from "./request/build-request.ts";
import type { Incoming } from "./request/incoming.ts";

export type Check = (incoming: Incoming, signal: AbortSignal) => Promise<Decision>;

export function createCheck(deps: CheckDeps): Check {
  return async (incoming, signal) => {
    const snapshot = deps.snapshot();
    const context: DecisionContext = { id: deps.newId(), revision: snapshot?.revision ?? "" };
    if (snapshot === undefined) return failed(context, "not_ready");

    const built = buildRequest(incoming, deps.request);
    if (!built.ok) return denied(context, built.error);
    const received = built.value;
    deps.passed?.("request");
    const plan = snapshot.planFor(received.workload);
    const now = deps.now();
    const authentication = await identify(plan.credentials, received, now, signal, deps.authenticate);
    deps.passed?.("authenticate");
    if (signal.aborted) return failed(context, "deadline_exceeded");
    if (!authentication.ok) {
      const { error } = authentication;
      if ("failure" in error) return failed(context, error.failure, error.detail);
      const evidence = { received, judged: undefined, payload: undefined };
      return denied(context, error, { request: received, evidence });
    }
    const { token, payload, changes, shadow = [] } = authentication.value;

    const request = applyChanges(received, changes);
    const evidence = { received, judged: request, payload };
    const consultation = { now, askOpa: deps.askOpa, signal };
    const authorized = await consultAndAuthorize(plan.authorization, request, payload, consultation);
    deps.passed?.("authorize");
    if (signal.aborted) return failed(context, "deadline_exceeded");
    const verdict = { ...authorized, shadow: [...shadow, ...authorized.shadow] };
    if (verdict.effect === "deny") return denied(context, verdict.refusal, { request, token, verdict, evidence });

    const minted = mintAll(plan.internalTokens, authentication.value, now, deps.newId);
    deps.passed?.("mint");
    if (!minted.ok) return failed(context, "mint_failed", minted.error);
    return allowed(context, { token, verdict, changes: [changes, minted.value], evidence });
  };
}
