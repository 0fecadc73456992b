/**
 * Asks the OPA servers that a workload's policies name, before they are judged. In: a plan, a request, the deadline.
 * Out: every answer that came in time; what did not come is an error, and an error refuses. Effects: `ask`, a timer.
 * Shadow policies are asked at the same time and waited for only a moment longer: they must not cost the answer.
 */
import { type Deadline, signalOf } from "../deadline.ts";
import type { JsonObject, RequestModel, Verdict } from "../model.ts";
import { err, type Result } from "../result.ts";
import type { OpaQuestion } from "./access-policy.ts";
import type { OpaAnswers } from "./access-policy-circumstances.ts";
import { authorize } from "./authorize.ts";
import { gatherFacts } from "./facts.ts";
import type { AuthorizationPlan } from "./plan.ts";
import { inputDocument } from "./rego/input-document.ts";

/**
 * One question to one server: POST of `{"input": …}`. Must not throw, must end within the timeout and at the signal's abort.
 * @param body JSON. @returns the member `result` of the answer (undefined when it has none)
 */
export type AskOpa = (
  url: string,
  body: string,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<Result<unknown, string>>;

/** For shadow policies after the last enforced answer. */
const SHADOW_WAIT_MS = 20;
const NO_ANSWERS: OpaAnswers = new Map();

/**
 * Synchronous when no policy of this workload asks a server.
 * @param ask undefined = nobody can be asked, and the policies that need it fail closed
 */
export function consult(
  { access }: Pick<AuthorizationPlan, "access">,
  request: RequestModel,
  payload: JsonObject | undefined,
  ask: AskOpa | undefined,
  deadline: Deadline,
): OpaAnswers | Promise<OpaAnswers> {
  const { enforced, shadow } = access.questions;
  if (ask === undefined || enforced.length + shadow.length === 0) return NO_ANSWERS;
  const input = inputDocument(gatherFacts(request, payload));
  if (!input.ok) return new Map([...enforced, ...shadow].map((question) => [question, input]));
  return askAll({ enforced, shadow }, `{"input":${input.value}}`, ask, signalOf(deadline));
}

async function askAll(
  { enforced, shadow }: { readonly enforced: readonly OpaQuestion[]; readonly shadow: readonly OpaQuestion[] },
  body: string,
  ask: AskOpa,
  signal: AbortSignal,
): Promise<OpaAnswers> {
  const answers = new Map<OpaQuestion, Result<unknown, string>>();
  const late = new AbortController();
  const put = async (question: OpaQuestion, limits: Parameters<AskOpa>[2]): Promise<void> => {
    const answer = await ask(question.url, body, limits).catch(() => err("OPA could not be asked"));
    answers.set(question, answer);
  };
  const inShadow = shadow.map((question) =>
    put(question, { timeoutMs: question.timeoutMs, signal: AbortSignal.any([signal, late.signal]) }),
  );
  await Promise.all(enforced.map((question) => put(question, { timeoutMs: question.timeoutMs, signal })));
  const timer = setTimeout(() => late.abort(), SHADOW_WAIT_MS);
  await Promise.all(inShadow);
  clearTimeout(timer);
  return new Map(answers);
}

export interface Consultation {
  /** Seconds since the epoch. */
  readonly now: number;
  /** Absent: AccessPolicies that ask an OPA server fail closed. */
  readonly askOpa: AskOpa | undefined;
  readonly deadline: Deadline;
}

/** `authorize`, with the servers asked that its policies name. */
export function consultAndAuthorize(
  plan: AuthorizationPlan,
  request: RequestModel,
  payload: JsonObject | undefined,
  { now, askOpa, deadline }: Consultation,
): Verdict | Promise<Verdict> {
  const answers = consult(plan, request, payload, askOpa, deadline);
  if (answers instanceof Promise) {
    return answers.then((given) => authorize(plan, request, payload, { now, answers: given }));
  }
  return authorize(plan, request, payload, { now, answers });
}
