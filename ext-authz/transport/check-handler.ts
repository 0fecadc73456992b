/**
 * Check over gRPC: bytes in, decision, bytes out. Holds the one `catch` of the request's way: whatever is thrown below
 * ends as 503 for the client and whole in the log, never as an allow. A check that waits for nothing is answered in the turn of
 * the event loop that brought it.
 */
import type { Check } from "../check.ts";
import { failed } from "../decision.ts";
import type { Decision } from "../model.ts";
import { answer } from "../respond/answer.ts";
import type { Admission } from "./admission.ts";
import { createCheckRequestDecoder } from "./decode-check-request.ts";
import { encodeCheckResponse } from "./encode-check-response.ts";
import type { UnaryMethod } from "./grpc-methods.ts";
import { type GrpcStatus, INTERNAL } from "./grpc-status.ts";

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

const UNREADABLE: GrpcStatus = { code: INTERNAL, details: "the CheckRequest cannot be read" };

export function createCheckHandler(deps: CheckHandlerDeps): UnaryMethod {
  const decode = createCheckRequestDecoder();
  const { check, admission, observe, clock } = deps;
  const context = () => ({ id: deps.newId(), revision: deps.revision() });
  const bug = (cause: unknown): Decision => failed(context(), "internal_error", cause);
  return (message, deadline, connection) => {
    const started = clock();
    const finish = (decision: Decision): Buffer => {
      observe(decision, clock() - started);
      return encodeCheckResponse(answer(decision));
    };
    if (!admission.admit(connection, message.length, started)) return finish(failed(context(), "overloaded"));
    let decision: Decision | Promise<Decision>;
    try {
      const incoming = decode(message);
      if (!incoming.ok) {
        admission.done();
        return UNREADABLE;
      }
      decision = check(incoming.value, deadline);
    } catch (cause) {
      decision = bug(cause);
    }
    if (decision instanceof Promise) return decision.catch(bug).finally(admission.done).then(finish);
    admission.done();
    return finish(decision);
  };
}
