/**
 * Who sent this request, by every kind of credential: JWTs as Istio reads them, then opaque tokens and API keys, then what
 * says which of them still count. In: a plan, a request, the time. Out: one identity or none, one refusal, or our failure.
 * Every credential that is presented must be good; the first of JWT, opaque token and API key is who the request is of.
 * Effects: only through the plan's sources.
 */
import { type Deadline, signalOf } from "../../deadline.ts";
import type { Authentication, HeaderChanges, RequestModel, ShadowVerdict } from "../../model.ts";
import { applyChanges } from "../../request/apply-changes.ts";
import { err, ok, type Result } from "../../result.ts";
import { authenticate } from "../authenticate.ts";
import { tokensAt } from "../locations.ts";
import { ALWAYS_SPLIT, splitClaims } from "../space-delimited.ts";
import { type FoundKey, findApiKey } from "./api-keys.ts";
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
 * `now` in seconds. After `deadline` a request that waits for keys or an answer is refused. `instead`: says alone who the
 * request is of; for checks of claims that no credential brought. Synchronous where nothing must be fetched or asked.
 */
export function identify(
  plan: CredentialPlan,
  request: RequestModel,
  now: number,
  deadline: Deadline,
  instead?: typeof authenticate,
): Outcome | Promise<Outcome> {
  if (instead !== undefined) return instead(plan.jwt, request, now, deadline);
  if (request.protocol === "tcp") return authenticate(plan.jwt, request, now, deadline);
  const opaque = findOpaque(plan.opaque, plan.jwt, request);
  if (opaque?.ok === false) return opaque;
  const key = findApiKey(plan.apiKeys, request);
  if (key?.ok === false) return key;
  const found: Found =
    opaque === undefined && key === undefined ? NOTHING_ELSE : { opaque: opaque?.value, key: key?.value };
  const jwt = authenticate(plan.jwt, withoutOpaque(request, found.opaque), now, deadline);
  if (jwt instanceof Promise || (jwt.ok && found.opaque !== undefined)) {
    return identifyLater(plan, request, now, signalOf(deadline), found, jwt);
  }
  return jwt.ok ? conclude(plan, request, now, found, jwt.value, undefined) : jwt;
}

/** What stands in the request besides JWTs. */
interface Found {
  readonly opaque: FoundToken | undefined;
  readonly key: FoundKey | undefined;
}

const NOTHING_ELSE: Found = { opaque: undefined, key: undefined };

async function identifyLater(
  plan: CredentialPlan,
  request: RequestModel,
  now: number,
  signal: AbortSignal,
  found: Found,
  pending: ReturnType<typeof authenticate>,
): Promise<Outcome> {
  const jwt = await pending;
  if (!jwt.ok) return jwt;
  const introspected = found.opaque === undefined ? undefined : await introspect(found.opaque, now, signal);
  if (introspected?.ok === false) return introspected;
  return conclude(plan, request, now, found, jwt.value, introspected?.value);
}

function conclude(
  plan: CredentialPlan,
  request: RequestModel,
  now: number,
  found: Found,
  jwt: Authentication,
  introspected: (Credential & { readonly until: number }) | undefined,
): Outcome {
  const { key } = found;
  const credentials: Credential[] = [];
  if (jwt.token !== undefined) credentials.push({ kind: "jwt", token: jwt.token });
  if (introspected !== undefined) credentials.push(introspected);
  if (key !== undefined) credentials.push(key.credential);
  const judged = judgeAll(plan, credentials, request, now);
  if (!judged.ok) return judged;

  const [first] = credentials;
  const isJwt = first?.kind === "jwt";
  const { shadow, proofs } = judged.value;
  // Most requests: a JWT or nothing, which nobody has anything to add to.
  if (judged === NOTHING_SAID && found === NOTHING_ELSE && introspected === undefined) return ok(jwt);
  const { opaque } = found;
  const changes: HeaderChanges[] = [];
  if (opaque !== undefined) changes.push(changesWithoutOpaque(opaque.rules, request));
  if (key !== undefined) changes.push(key.changes);
  return ok({
    token: first?.token,
    payload: isJwt || first === undefined ? jwt.payload : splitClaims(first.token.claims, SPLIT),
    changes: changes.length === 0 ? jwt.changes : merge(jwt.changes, changes),
    shadow,
    ...repeatable(jwt, proofs > 0, introspected?.until),
  });
}

/** All that were presented must stay good. A key is good until the policies change. */
function repeatable(
  { repeatable: jwt }: Authentication,
  oneTime: boolean,
  introspected = Number.POSITIVE_INFINITY,
): Pick<Authentication, "repeatable"> {
  if (jwt === undefined) return {};
  return { repeatable: { ...jwt, until: Math.min(jwt.until, introspected), ...(oneTime && { never: "one_time" }) } };
}

const SPLIT: ReadonlySet<string> = new Set(ALWAYS_SPLIT);

/** The JWT rules look at the request as if the opaque token were not there: to them it would be a malformed JWT. */
function withoutOpaque(request: RequestModel, opaque: FoundToken | undefined): RequestModel {
  return opaque === undefined ? request : applyChanges(request, changesWithout(opaque.places, request));
}

/** `until`: seconds since the epoch up to which the same would be found. */
type Introspected = Result<Credential & { readonly until: number }, Refused>;

/** The first rule that accepts; else the last refusal. One server that cannot be asked is enough not to know. */
async function introspect(found: FoundToken, now: number, signal: AbortSignal): Promise<Introspected> {
  let refusal: Refused = { failure: "introspection_failed", detail: "no server to ask" };
  let until = Number.POSITIVE_INFINITY;
  for (const rule of found.rules) {
    const answer = await beforeAbort(rule.introspector.introspect(found.raw), signal);
    if (answer === undefined) return err({ failure: "deadline_exceeded", detail: "introspection" });
    if (!answer.ok) return err({ failure: "introspection_failed", detail: answer.error });
    until = Math.min(until, answer.until);
    const judged = judgeAnswer(answer.value, found.raw, rule, now);
    if (judged.ok) return ok({ ...judged.value, until: Math.min(until, judged.value.token.expiresAt ?? until) });
    refusal = judged.error;
    // The server before may accept it as soon as its time has come.
    if (judged.error.code === "token_not_yet_valid") until = now;
  }
  return err(refusal);
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

const NOTHING_SAID = ok<Judged>({ shadow: [], proofs: 0 });

interface Judged {
  readonly shadow: readonly ShadowVerdict[];
  /** That were used up. */
  readonly proofs: number;
}

function judgeAll(
  plan: CredentialPlan,
  credentials: readonly Credential[],
  request: RequestModel,
  now: number,
): Result<Judged, Refused> {
  if (plan.strict && plan.possession && hasSeveralTokens(plan, request)) return err(SEVERAL_TOKENS);
  const asBearer = plan.strict && !plan.possession;
  if (plan.judges.length === 0) return asBearer ? judgeBearers(credentials) : NOTHING_SAID;
  const shadow: ShadowVerdict[] = [];
  const proofs = new Map<string, Proof>();
  for (const credential of credentials) {
    const refusal = asBearer ? refuseAsBearer(credential) : undefined;
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
  return ok({ shadow, proofs: proofs.size });
}

function judgeBearers(credentials: readonly Credential[]): Result<Judged, Refused> {
  for (const credential of credentials) {
    const refusal = refuseAsBearer(credential);
    if (refusal !== undefined) return err(refusal);
  }
  return NOTHING_SAID;
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
