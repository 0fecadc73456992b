/**
 * A check inside the caller's trace. In: the check, the tracer. Out: a check that answers the same, and one span for it:
 * effect, reason, policy, revision and decision id, and the stages as events. No path, subject, header or message.
 */
import type { Check } from "../check.ts";
import type { Decision } from "../model.ts";
import { policyName, reasonOf } from "../respond/answer.ts";
import { readTraceparent, TRACEPARENT } from "./trace-context.ts";
import type { Attributes } from "./trace-span.ts";
import type { Tracer } from "./tracer.ts";

/** OpenTelemetry's semantic conventions for RPC. */
const RPC: Attributes = {
  "rpc.system": "grpc",
  "rpc.service": "envoy.service.auth.v3.Authorization",
  "rpc.method": "Check",
};

export function tracedCheck(check: Check, tracer: Tracer): Check {
  return (incoming, deadline) => {
    const parent = readTraceparent(incoming.http?.headers.get(TRACEPARENT));
    const span = tracer.begin("envoy.service.auth.v3.Authorization/Check", "server", parent);
    if (span === undefined) return check(incoming, deadline);
    return tracer.within(span, async () => {
      try {
        const decision = await check(incoming, deadline);
        span.end(attributesOf(decision), decision.effect === "error");
        return decision;
      } catch (cause) {
        span.end(RPC, true);
        throw cause;
      }
    });
  };
}

function attributesOf(decision: Decision): Attributes {
  return {
    ...RPC,
    "countersign.effect": decision.effect,
    "countersign.reason": reasonOf(decision),
    "countersign.policy": decision.policy === undefined ? "" : policyName(decision.policy),
    "countersign.revision": decision.revision,
    "countersign.decision_id": decision.id,
  };
}
