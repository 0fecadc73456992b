/**
 * Check over gRPC: bytes in, decision, bytes out. Holds the one `catch` of the request's way: whatever is thrown below
 * ends as 503 for the client and whole in the log, never as an allow. A check that waits for nothing is answered in the turn of
 * the event loop that brought it.
 */
import type { Check } from "../check.ts";
import type { Deadline } from "../deadline.ts";
import { failed } from "../decision.ts";
import type { Decision } from "../model.ts";
import { answer } from "../respond/answer.ts";
import type { ErrorReason } from "../result.ts";
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
  const { check, line, maxChecks, observe, clock, newId, revision } = deps;
  let underWay = 0;

  function finish(decision: Decision, came: number): Buffer {
    observe(decision, clock() - came);
    return encodeCheckResponse(answer(decision));
  }

  function fail(reason: ErrorReason, came: number, cause?: unknown): Buffer {
    return finish(failed({ id: newId(), revision: revision() }, reason, cause), came);
  }

  /** @param came when it did, by the clock */
  function decide(message: Buffer, deadline: Deadline, came: number): Reply | Promise<Reply> {
    if (underWay >= maxChecks) return fail("overloaded", came);
    let decision: Decision | Promise<Decision>;
    try {
      const incoming = decode(message);
      if (!incoming.ok) return UNREADABLE;
      decision = check(incoming.value, deadline);
    } catch (cause) {
      return fail("internal_error", came, cause);
    }
    return decision instanceof Promise ? decideLater(decision, came) : finish(decision, came);
  }

  async function decideLater(decision: Promise<Decision>, came: number): Promise<Buffer> {
    underWay++;
    let settled: Decision;
    try {
      settled = await decision;
    } catch (cause) {
      settled = failed({ id: newId(), revision: revision() }, "internal_error", cause);
    } finally {
      underWay--;
    }
    return finish(settled, came);
  }

  return (message, deadline, gone) => {
    const came = clock();
    if (line.isFree(came)) return decide(message, deadline, came);
    const turn = (admitted: boolean): Reply | Promise<Reply> => {
      if (!admitted) return fail("overloaded", came);
      // Who has gone meanwhile is not worth the work.
      return gone() ? fail("deadline_exceeded", came) : decide(message, deadline, came);
    };
    return line.wait(turn, came, message.length);
  };
}
