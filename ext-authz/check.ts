/**
 * The story of one Check: request → authenticate → authorize → mint → decision. No arrow goes back; every stage answers
 * with a value, and the only allow is built in the last line.
 */
import { identify } from "./authenticate/credentials/identify.ts";
import { consultAndAuthorize } from "./authorize/access-policy-consult.ts";
import type { CheckDeps } from "./check-deps.ts";
import { after, type Deadline } from "./deadline.ts";
import { allowed, type DecisionContext, denied, failed } from "./decision.ts";
import { mintAll } from "./mint/mint.ts";
import type { Decision } from "./model.ts";
import { applyChanges } from "./request/apply-changes.ts";
import { buildRequest } from "./request/build-request.ts";
import type { Incoming } from "./request/incoming.ts";

/** No promise where nothing had to be waited for, which is most checks. */
export type Check = (incoming: Incoming, deadline: Deadline) => Decision | Promise<Decision>;

export function createCheck(deps: CheckDeps): Check {
  return (incoming, deadline) => {
    const snapshot = deps.snapshot();
    const context: DecisionContext = { id: deps.newId(), revision: snapshot?.revision ?? "" };
    const late = () => failed(context, "deadline_exceeded");
    const grant = deps.beginGrant?.(incoming);
    if (snapshot === undefined) return failed(context, "not_ready");

    const built = buildRequest(incoming, deps.request);
    if (!built.ok) return denied(context, built.error);
    const received = built.value;
    deps.passed?.("request");
    const plan = snapshot.planFor(received.workload);
    const now = deps.now();
    const identified = identify(plan.credentials, received, now, deadline, deps.authenticate);
    return after(identified, deadline, late, (authentication): Decision | Promise<Decision> => {
      deps.passed?.("authenticate");
      if (!authentication.ok) {
        const { error } = authentication;
        if ("failure" in error) return failed(context, error.failure, error.detail);
        const evidence = { received, judged: undefined, payload: undefined };
        return denied(context, error, { request: received, evidence });
      }
      const { token, payload, changes, shadow = [] } = authentication.value;
      const request = applyChanges(received, changes);
      const evidence = { received, judged: request, payload };
      const consultation = { now, askOpa: deps.askOpa, deadline };
      const authorized = consultAndAuthorize(plan.authorization, request, payload, consultation);
      return after(authorized, deadline, late, (judged): Decision => {
        deps.passed?.("authorize");
        const verdict = shadow.length === 0 ? judged : { ...judged, shadow: [...shadow, ...judged.shadow] };
        if (verdict.effect === "deny") return denied(context, verdict.refusal, { request, token, verdict, evidence });

        const minted = mintAll(plan.internalTokens, authentication.value, now, deps.newId);
        deps.passed?.("mint");
        if (!minted.ok) return failed(context, "mint_failed", minted.error);
        const allow = allowed(context, { token, verdict, changes: [changes, minted.value], evidence });
        return grant?.(plan.grant, received, authentication.value, allow) ?? allow;
      });
    });
  };
}
