/**
 * The pipeline of `serve` without its edges, for `check`, `test` and `replay`: one request in, the decision and its
 * explanation out. Effects: only what is handed in; without `fetch` no network.
 */
import { createHash } from "node:crypto";
import type { JwksFetch } from "../authenticate/jwks-answer.ts";
import { createKeySources } from "../authenticate/key-sources.ts";
import { type DecisionInWords, type Explanation, explainDecision } from "../authorize/explain-decision.ts";
import { createCheck } from "../check.ts";
import type { CheckDeps } from "../check-deps.ts";
import type { Settings } from "../config/settings.ts";
import { explainGrant, type GrantExplanation } from "../grant/explain.ts";
import { grantIssuer } from "../grant/issue.ts";
import type { Authentication, Decision, JsonObject } from "../model.ts";
import type { RecordedRequest } from "../observe/recorded-request.ts";
import type { RequestSettings } from "../request/build-request.ts";
import type { Incoming } from "../request/incoming.ts";
import { isAccessPolicy } from "../resources/access-policy-resource.ts";
import type { Resource } from "../resources/resource.ts";
import { applies } from "../resources/select.ts";
import { policyName, reasonOf } from "../respond/answer.ts";
import { err, ok } from "../result.ts";
import { compileSnapshot } from "../snapshot.ts";
import { assumeClaims } from "./check-claims.ts";

export interface OfflineEffects {
  /** Undefined = keys that would have to be fetched are not there. */
  readonly fetch: JwksFetch | undefined;
  /** Seconds since the epoch. */
  readonly now: () => number;
  /** Whether judgements say what the proxy may repeat; default false. */
  readonly grants?: boolean;
}

export interface OfflineCheck {
  readonly revision: string;
  /** The pipeline as it is: tokens in the request are verified. */
  check(incoming: Incoming): Promise<Judgement>;
  /** Claims count as verified, tokens in the request are not looked at. */
  checkClaims(incoming: Incoming, claims: JsonObject | undefined): Promise<Judgement>;
  /**
   * A request as policies saw it, with what was recorded of the verified claims. The settings must count no proxies.
   * @param at seconds since the epoch
   */
  checkRecorded(request: RecordedRequest, claims: JsonObject | null, at: number): Promise<DecisionInWords>;
}

export interface Judgement {
  readonly decision: Decision;
  readonly explanation: Explanation;
  readonly grant?: GrantExplanation;
}

/** Milliseconds that fetching keys may take in all. */
const DEADLINE_MS = 15_000;
const NEVER = new AbortController().signal;

/** InternalTokens are left out: nothing is minted offline. */
export async function createOfflineCheck(
  settings: Settings,
  all: readonly Resource[],
  { fetch, now, grants = false }: OfflineEffects,
): Promise<OfflineCheck> {
  const resources = all.filter((resource) => resource.kind !== "InternalToken");
  const log = { info() {}, warn() {} };
  const keys = createKeySources(
    {
      fetch: fetch ?? (() => Promise.resolve(err("no network here: give --claims instead of a token"))),
      now,
      setTimer: () => () => {},
      random: () => 0,
      log,
    },
    settings.jwks,
    { strict: settings.mesh.strict, jsonDepth: settings.limits.jsonDepth },
  );
  const snapshot = compileSnapshot(resources, {
    mesh: settings.mesh,
    limits: settings.limits,
    clockSkewSeconds: settings.clockSkewSeconds,
    keys,
    grantable: grants,
    compileMint: () => {
      throw new Error("nothing is minted offline");
    },
    hash: (text) => createHash("sha256").update(text).digest("hex"),
  });
  if (fetch !== undefined) await keys.ready();
  keys.stop();
  const deps = { snapshot: () => snapshot, request: requestSettings(settings), now, newId: () => "offline" };
  const { workload } = deps.request;
  const judge = async (incoming: Incoming, judging: CheckDeps): Promise<Judgement> => {
    let outcome: GrantExplanation["outcome"] = "not_allowed";
    const beginGrant = grantIssuer({
      ...{ maxSeconds: settings.grants.maxTtlMs / 1000, pathLength: settings.limits.pathLength, now },
      epoch: () => "offline",
      counted: (found) => {
        outcome = found;
      },
    });
    const check = createCheck({ ...judging, ...(grants && { beginGrant }) });
    const decision = await check(incoming, AbortSignal.timeout(DEADLINE_MS));
    const { evidence } = decision;
    const judged =
      evidence?.judged === undefined ? undefined : { request: evidence.judged, payload: evidence.payload, now: now() };
    const about = evidence?.received.workload ?? workload;
    const plan = snapshot.planFor(about);
    const { access } = plan.authorization;
    const accessPolicies = resources
      .filter(isAccessPolicy)
      .filter((one) => applies(one, about, settings.mesh.rootNamespace));
    const text = decision.effect === "allow" ? decision.grant : undefined;
    return {
      decision,
      ...(grants && { grant: explainGrant(plan, accessPolicies, outcome, text) }),
      explanation: explainDecision(inWords(decision), about, judged, { resources, access }, settings.mesh),
    };
  };
  return {
    revision: snapshot.revision,
    check: (incoming) => judge(incoming, deps),
    checkClaims: (incoming, claims) => judge(incoming, { ...deps, authenticate: assumeClaims(claims) }),
    async checkRecorded(request, claims, at) {
      const authenticate = () => ok(recordedAuthentication(claims));
      const replayed = createCheck({ ...deps, now: () => at, authenticate });
      return inWords(await replayed(recordedIncoming(request), NEVER));
    },
  };
}

function recordedAuthentication(claims: JsonObject | null): Authentication {
  const changes = { remove: [], set: [], removeQueryParameters: [] };
  return { token: undefined, payload: claims ?? undefined, changes };
}

/** The workload is always said, and `x-forwarded-for` stands for the client's address that was found then. */
function recordedIncoming(request: RecordedRequest): Incoming {
  const { workload, source, destination, remoteIp, principal, query } = request;
  const labels = Object.entries(workload.labels).map(([key, value]) => [`label.${key}`, value] as const);
  const forwarded = Object.hasOwn(request.headers, "x-forwarded-for") ? {} : { "x-forwarded-for": [remoteIp] };
  return {
    source: { address: source.ip, port: source.port, principal: spiffe(principal), certificate: "" },
    destination: { address: destination.ip, port: destination.port, principal: "", certificate: "" },
    http:
      request.protocol === "tcp"
        ? undefined
        : {
            id: "",
            method: request.method,
            target: query === undefined || query === "" ? request.path : `${request.path}?${query}`,
            host: request.host ?? "",
            scheme: request.scheme,
            headers: new Map(Object.entries({ ...request.headers, ...forwarded })),
          },
    sni: request.sni,
    contextExtensions: new Map([["namespace", workload.namespace], ["workload", workload.name], ...labels]),
    metadata: new Map(),
  };
}

function spiffe(principal: string | null): string {
  return principal === null ? "" : `spiffe://${principal}`;
}

function inWords(decision: Decision): DecisionInWords {
  const { effect, policy } = decision;
  return {
    effect,
    reason: reasonOf(decision),
    detail: effect === "deny" ? (decision.refusal.detail ?? decision.refusal.text) : "",
    policy: policy === undefined ? "" : policyName(policy),
  };
}

/** As `serve` reads requests. */
function requestSettings(settings: Settings): RequestSettings {
  const { mesh, limits, clientAddress, workload } = settings;
  return {
    strict: mesh.strict,
    pathNormalization: mesh.pathNormalization,
    pathLength: limits.pathLength,
    clientAddress,
    workload: { ...workload, labels: new Map(Object.entries(workload.labels)) },
  };
}
