/**
 * Check over gRPC: bytes in, decision, bytes out. Holds the one `catch` of the request's way: whatever is thrown below
 * ends as 503 for the client and whole in the log, never as an allow. A check that waits for nothing is answered in the turn of
 * the event loop that brought it.
 */
import type { Check } from "../check.ts";
import { failed } from "../decision.ts";
import type { Decision } from "../model.ts";
import { answer } from "../respond/answer.ts";
import { createCheckRequestDecoder } from "./decode-check-request.ts";
import { encodeCheckResponse } from "./encode-check-response.ts";
import type { Reply, UnaryMethod } from "./grpc-methods.ts";
import { type GrpcStatus, INTERNAL } from "./grpc-status.ts";
import type { WaitingLine } from "./waiting-line.ts";

export interface CheckHandlerDeps {
  readonly check: Check;
  /** Which checks are taken on, and when; the others are answered `overloaded`. */
  readonly line: WaitingLine;
  /** That may wait for something at once. */
  readonly maxChecks: number;
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
  const { check, line, maxChecks, observe, clock } = deps;
  const context = () => ({ id: deps.newId(), revision: deps.revision() });
  const bug = (cause: unknown): Decision => failed(context(), "internal_error", cause);
  let underWay = 0;
  const done = (): void => {
    underWay--;
  };
  return (message, deadline, gone) => {
    const started = clock();
    const finish = (decision: Decision): Buffer => {
      observe(decision, clock() - started);
      return encodeCheckResponse(answer(decision));
    };
    return line.enter<Reply>((admitted, waited) => {
      if (!admitted || underWay >= maxChecks) return finish(failed(context(), "overloaded"));
      // Who has gone meanwhile is not worth the work.
      if (waited && gone()) return finish(failed(context(), "deadline_exceeded"));
      let decision: Decision | Promise<Decision>;
      try {
        const incoming = decode(message);
        if (!incoming.ok) return UNREADABLE;
        decision = check(incoming.value, deadline);
      } catch (cause) {
        decision = bug(cause);
      }
      if (!(decision instanceof Promise)) return finish(decision);
      underWay++;
      return decision.catch(bug).finally(done).then(finish);
    });
  };
}
