/**
 * Who sent this request, by every kind of credential: JWTs as Istio reads them, then opaque tokens and API keys, then what
 * says which of them still count. In: a plan, a request, the time. Out: one identity or none, one refusal, or our failure.
 * Every credential that is presented must be good; the first of JWT, opaque token and API key is who the request is of.
 * Effects: only through the plan's sources.
 */
import type { Authentication, HeaderChanges, RequestModel, ShadowVerdict } from "../../model.ts";
import { applyChanges } from "../../request/apply-changes.ts";
import { err, ok, type Result } from "../../result.ts";
import { authenticate } from "../authenticate.ts";
import { tokensAt } from "../locations.ts";
import { ALWAYS_SPLIT, splitClaims } from "../space-delimited.ts";
import { findApiKey } from "./api-keys.ts";
import type { Credential, Proof, Refused } from "./credential.ts";
import type { CredentialPlan } from "./credential-plan.ts";
import { changesWithoutOpaque, type FoundToken, findOpaque, judgeAnswer } from "./opaque-token.ts";
import { changesWithout } from "./places.ts";
import { refuseAsBearer } from "./possession.ts";
import { PROOF_REPLAYED, SEVERAL_TOKENS } from "./refusals.ts";

export interface Identified extends Authentication {
  /** What resources in shadow would have refused. */
  readonly shadow?: readonly ShadowVerdict[];
}

type Outcome = Result<Identified, Refused>;

/**
 * `now` in seconds. When `signal` aborts, a request that waits for keys or an answer is refused. `instead`: says alone who
 * the request is of; for checks of claims that no credential brought.
 */
export async function identify(
  plan: CredentialPlan,
  request: RequestModel,
  now: number,
  signal: AbortSignal,
  instead?: typeof authenticate,
): Promise<Outcome> {
  if (instead !== undefined) return instead(plan.jwt, request, now, signal);
  if (request.protocol === "tcp") return authenticate(plan.jwt, request, now, signal);
  const opaque = findOpaque(plan.opaque, plan.jwt, request);
  if (opaque?.ok === false) return opaque;
  const key = findApiKey(plan.apiKeys, request);
  if (key?.ok === false) return key;
  const jwt = await authenticate(plan.jwt, withoutOpaque(request, opaque?.value), now, signal);
  if (!jwt.ok) return jwt;
  const introspected = opaque === undefined ? undefined : await introspect(opaque.value, now, signal);
  if (introspected?.ok === false) return introspected;

  const credentials: Credential[] = [];
  if (jwt.value.token !== undefined) credentials.push({ kind: "jwt", token: jwt.value.token });
  if (introspected !== undefined) credentials.push(introspected.value);
  if (key !== undefined) credentials.push(key.value.credential);
  const judged = judgeAll(plan, credentials, request, now);
  if (!judged.ok) return judged;

  const [first] = credentials;
  const isJwt = first?.kind === "jwt";
  const changes = [changesWithoutOpaque(opaque === undefined ? [] : opaque.value.rules, request)];
  if (key !== undefined) changes.push(key.value.changes);
  return ok({
    token: first?.token,
    payload: isJwt || first === undefined ? jwt.value.payload : splitClaims(first.token.claims, SPLIT),
    changes: merge(jwt.value.changes, changes),
    shadow: judged.value,
  });
}

const SPLIT: ReadonlySet<string> = new Set(ALWAYS_SPLIT);

/** The JWT rules look at the request as if the opaque token were not there: to them it would be a malformed JWT. */
function withoutOpaque(request: RequestModel, opaque: FoundToken | undefined): RequestModel {
  return opaque === undefined ? request : applyChanges(request, changesWithout(opaque.places, request));
}

/** The first rule that accepts; else the last refusal. One server that cannot be asked is enough not to know. */
async function introspect(found: FoundToken, now: number, signal: AbortSignal): Promise<Result<Credential, Refused>> {
  let last: Result<Credential, Refused> = err({ failure: "introspection_failed", detail: "no server to ask" });
  for (const rule of found.rules) {
    const answer = await beforeAbort(rule.introspector.introspect(found.raw), signal);
    if (answer === undefined) return err({ failure: "deadline_exceeded", detail: "introspection" });
    if (!answer.ok) return err({ failure: "introspection_failed", detail: answer.error });
    last = judgeAnswer(answer.value, found.raw, rule, now);
    if (last.ok) return last;
  }
  return last;
}

async function beforeAbort<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (!(work instanceof Promise)) return work;
  if (signal.aborted) return undefined;
  let onAbort = () => {};
  const aborted = new Promise<undefined>((resolve) => {
    onAbort = () => resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  const first = await Promise.race([work, aborted]);
  signal.removeEventListener("abort", onAbort);
  return first;
}

function judgeAll(
  plan: CredentialPlan,
  credentials: readonly Credential[],
  request: RequestModel,
  now: number,
): Result<readonly ShadowVerdict[], Refused> {
  if (plan.strict && plan.possession && hasSeveralTokens(plan, request)) return err(SEVERAL_TOKENS);
  const shadow: ShadowVerdict[] = [];
  const proofs = new Map<string, Proof>();
  for (const credential of credentials) {
    const refusal = plan.strict && !plan.possession ? refuseAsBearer(credential) : undefined;
    if (refusal !== undefined) return err(refusal);
    for (const judge of plan.judges) {
      const judged = judge.judge(credential, request, now);
      if (judge.shadow) {
        if (!judged.ok && !("failure" in judged.error)) shadow.push({ policy: judge.policy, action: "DENY" });
      } else if (!judged.ok) return judged;
      else if (judged.value !== undefined) proofs.set(credential.token.raw, judged.value);
    }
  }
  for (const proof of proofs.values()) {
    const use = plan.replays.use(proof, now);
    if (use === "replayed") return err(PROOF_REPLAYED);
    if (use === "full") return err({ failure: "overloaded", detail: "the memory of used DPoP proofs is full" });
  }
  return ok(shadow);
}

/** A proof speaks of one token. A second one would travel on beside it, and nobody proved to hold that. */
function hasSeveralTokens({ jwt }: CredentialPlan, request: RequestModel): boolean {
  return new Set(jwt.locations.flatMap((location) => tokensAt(location, request))).size > 1;
}

/** What a verified JWT wrote stays, even where a credential stood before. */
function merge(jwt: HeaderChanges, others: readonly HeaderChanges[]): HeaderChanges {
  const written = new Set(jwt.set.map(([name]) => name));
  const remove = new Set(jwt.remove);
  const parameters = new Set(jwt.removeQueryParameters);
  for (const changes of others) {
    for (const name of changes.remove) if (!written.has(name)) remove.add(name);
    for (const name of changes.removeQueryParameters) parameters.add(name);
  }
  return { remove: [...remove], set: jwt.set, removeQueryParameters: [...parameters] };
}
