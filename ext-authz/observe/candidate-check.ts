/**
 * Evaluates a candidate set beside the active one. In: the check in force, the candidate's. Out: a check that answers
 * exactly as the one in force; the comparison follows after the answer. Whatever the candidate does, be it slow, broken or
 * throwing, the answer is the same object as without it.
 */
import type { Check } from "../check.ts";
import type { Decision } from "../model.ts";
import type { Incoming } from "../request/incoming.ts";

export interface CandidateEffects {
  /** Undefined while there is no candidate. */
  readonly candidate: () => Check | undefined;
  /** Runs later, when the answer is on its way. */
  readonly defer: (run: () => void) => void;
  /** Told of both decisions. */
  readonly compared: (decision: Decision, candidate: Decision) => void;
  /** Told when there was no comparison: the candidate threw, or too many were under way. */
  readonly failed: (cause: unknown) => void;
}

/** Comparisons under way at once; more are skipped and said so. */
const MAX_PENDING = 256;
const DEADLINE_MS = 5000;

export function withCandidate(check: Check, effects: CandidateEffects): Check {
  let pending = 0;
  const compare = (incoming: Incoming, decision: Decision): Decision => {
    const candidate = effects.candidate();
    if (candidate === undefined || decision.effect === "error") return decision;
    if (pending >= MAX_PENDING) {
      effects.failed(new Error("too many comparisons under way"));
      return decision;
    }
    pending++;
    effects.defer(() => {
      Promise.resolve()
        .then(() => candidate(incoming, AbortSignal.timeout(DEADLINE_MS)))
        .then((other) => effects.compared(decision, other))
        .catch(effects.failed)
        .finally(() => {
          pending--;
        });
    });
    return decision;
  };
  return (incoming, deadline) => {
    const decision = check(incoming, deadline);
    if (decision instanceof Promise) return decision.then((settled) => compare(incoming, settled));
    return compare(incoming, decision);
  };
}
