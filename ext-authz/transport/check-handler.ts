/**
 * Check over gRPC: bytes in, decision, bytes out. Holds the one `catch` of the request's way: whatever is thrown below
 * ends as 503 for the client and whole in the log, never as an allow.
 */
import type * as grpc from "@grpc/grpc-js";
import type { Check } from "../check.ts";
import { failed } from "../decision.ts";
import type { Decision } from "../model.ts";
import { answer } from "../respond/answer.ts";
import type { Admission } from "./admission.ts";
import { fromCheckRequest, type WireCheckRequest } from "./from-check-request.ts";
import { toCheckResponse, type WireCheckResponse } from "./to-check-response.ts";

export interface CheckHandlerDeps {
  readonly check: Check;
  /** Which checks are taken on; the others are answered `overloaded`. */
  readonly admission: Admission;
  readonly newId: () => string;
  readonly revision: () => string;
  /** Told of every decision, after it was made. Must not throw. */
  readonly observe: (decision: Decision, milliseconds: number) => void;
  /** Milliseconds, monotonic. */
  readonly clock: () => number;
}

/** A deadline for callers that set none; Envoy always sets one. Milliseconds. */
const DEFAULT_DEADLINE_MS = 10_000;

export function createCheckHandler(deps: CheckHandlerDeps): grpc.handleUnaryCall<WireCheckRequest, WireCheckResponse> {
  return (call, callback) => {
    const started = deps.clock();
    const finish = (decision: Decision): void => {
      deps.observe(decision, deps.clock() - started);
      callback(null, toCheckResponse(answer(decision)));
    };
    const context = () => ({ id: deps.newId(), revision: deps.revision() });
    if (!deps.admission.admit()) {
      finish(failed(context(), "overloaded"));
      return;
    }
    const aborting = new AbortController();
    const timer = setTimeout(() => aborting.abort(), remaining(call.getDeadline()));
    call.once("cancelled", () => aborting.abort());
    // Converting runs inside the promise, so that what it throws is caught too.
    Promise.resolve(call.request)
      .then((wire) => deps.check(fromCheckRequest(wire), aborting.signal))
      .catch((cause: unknown) => failed(context(), "internal_error", cause))
      .finally(() => {
        clearTimeout(timer);
        deps.admission.done();
      })
      .then(finish)
      .catch((cause: unknown) =>
        callback(cause instanceof Error ? cause : new Error("the answer could not be written")),
      );
  };
}

function remaining(deadline: grpc.Deadline): number {
  const at = deadline instanceof Date ? deadline.getTime() : deadline;
  if (!Number.isFinite(at)) return DEFAULT_DEADLINE_MS;
  return Math.max(0, Math.min(at - Date.now(), DEFAULT_DEADLINE_MS));
}
