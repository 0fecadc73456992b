/**
 * The resources for credentials become a plan, once per load. In: all resources that select one workload, the plan for its
 * JWTs, where living sources come from. Out: an immutable plan for `identify.ts`. Effects: it asks for sources.
 */
import type { Limits } from "../../config/settings.ts";
import { CREDENTIAL } from "../../grant/read.ts";
import type { PolicyRef } from "../../model.ts";
import type { RequestAuthentication, Resource } from "../../resources/resource.ts";
import { layerOf } from "../../resources/select.ts";
import { err, ok } from "../../result.ts";
import type { AuthenticationPlan } from "../plan.ts";
import { type ApiKeyRule, compileApiKeys } from "./api-keys.ts";
import type { CredentialRefusal, Judge } from "./credential.ts";
import type { CredentialSources } from "./credential-sources.ts";
import { compileOpaque, type OpaqueRule } from "./opaque-token.ts";
import { checkPossession, possessionReads } from "./possession.ts";
import { REVOKED } from "./refusals.ts";
import type { ReplayCache } from "./replay-cache.ts";
import { checkProfile } from "./token-profile.ts";

export interface CredentialPlan {
  readonly jwt: AuthenticationPlan;
  readonly opaque: readonly OpaqueRule[];
  readonly apiKeys: readonly ApiKeyRule[];
  /** In the order in which they are asked; possession comes last, since its proofs are used up. */
  readonly judges: readonly Judge[];
  /** A ProofOfPossession is in force. */
  readonly possession: boolean;
  readonly strict: boolean;
  readonly replays: ReplayCache;
}

export interface CredentialOptions {
  readonly strict: boolean;
  readonly clockSkewSeconds: number;
  readonly limits: Limits;
  readonly rootNamespace: string;
  readonly sources: CredentialSources;
}

/** `resources`: already selected for the workload; kinds that are not ours are passed over. */
export function compileCredentials(
  resources: readonly Resource[],
  jwt: AuthenticationPlan,
  options: CredentialOptions,
): CredentialPlan {
  const { strict, clockSkewSeconds, sources } = options;
  const inForce = resources.filter(({ shadow }) => !shadow);
  const context = { strict, clockSkewSeconds, dpop: takesDpop(resources), owned: jwt.ownedHeaders };
  return {
    jwt,
    opaque: inForce
      .filter((resource) => resource.kind === "TokenIntrospection")
      .map((resource) => compileOpaque(resource, sources.introspectorFor(resource), context)),
    apiKeys: inForce
      .filter((resource) => resource.kind === "ApiKeys")
      .map((resource) => compileApiKeys(resource, sources.secret, jwt.ownedHeaders)),
    judges: ["TokenProfile", "Revocation", "ProofOfPossession"].flatMap((kind) =>
      resources.filter((resource) => resource.kind === kind).flatMap((resource) => compileJudge(resource, options)),
    ),
    possession: inForce.some((resource) => resource.kind === "ProofOfPossession"),
    strict,
    replays: sources.replays,
  };
}

function compileJudge(resource: Resource, options: CredentialOptions): readonly Judge[] {
  const { kind, namespace, name, shadow } = resource;
  const layer = layerOf(resource, options.rootNamespace);
  const policy: PolicyRef = { kind, namespace, name, layer, rule: -1 };
  switch (resource.kind) {
    case "TokenProfile":
      return [
        {
          ...{ policy, shadow, reads: CREDENTIAL },
          judge: (credential) => verdict(checkProfile(resource, credential, jsonDepth(options))),
        },
      ];
    case "Revocation": {
      const feed = options.sources.feedFor(resource);
      const judge: Judge["judge"] = ({ token }) => {
        const list = feed.current();
        if (list === undefined) return err({ failure: "revocation_unavailable", detail: `${namespace}/${name}` });
        return verdict(list.revokes(token) ? REVOKED : undefined);
      };
      return [{ policy, shadow, reads: CREDENTIAL, judge }];
    }
    case "ProofOfPossession": {
      const proof = { limits: options.limits, skewSeconds: options.clockSkewSeconds };
      const rules = { resource, strict: options.strict, proof };
      return [
        {
          ...{ policy, shadow, reads: possessionReads(resource) },
          judge: (credential, request, now) => checkPossession(rules, credential, request, now),
        },
      ];
    }
    default:
      return [];
  }
}

function jsonDepth({ limits }: CredentialOptions): number {
  return limits.jsonDepth;
}

function verdict(refusal: CredentialRefusal | undefined): ReturnType<Judge["judge"]> {
  return refusal === undefined ? ok(undefined) : err(refusal);
}

function takesDpop(resources: readonly Resource[]): boolean {
  return resources.some(
    (resource) => resource.kind === "ProofOfPossession" && !resource.shadow && resource.method !== "mtls",
  );
}

const BEARER = { name: "authorization", prefix: "Bearer " };
const DPOP = { name: "authorization", prefix: "DPoP " };

/**
 * Where DPoP proofs are looked at, each rule that reads `Authorization: Bearer` reads `Authorization: DPoP` too (RFC 9449
 * §7.1); elsewhere that scheme is unknown and its token none. `resources`: all that select the workload.
 */
export function jwtResources(resources: readonly Resource[]): readonly RequestAuthentication[] {
  const own = resources.filter((resource) => resource.kind === "RequestAuthentication");
  if (!takesDpop(resources)) return own;
  return own.map((resource) => ({ ...resource, jwtRules: resource.jwtRules.map(withDpopScheme) }));
}

type JwtRule = RequestAuthentication["jwtRules"][number];

function withDpopScheme(rule: JwtRule): JwtRule {
  const isDefault = rule.fromHeaders.length + rule.fromParams.length + rule.fromCookies.length === 0;
  if (isDefault) return { ...rule, fromHeaders: [BEARER, DPOP], fromParams: ["access_token"] };
  const isBearer = ({ name, prefix }: typeof BEARER) => name.toLowerCase() === BEARER.name && prefix === BEARER.prefix;
  return rule.fromHeaders.some(isBearer) ? { ...rule, fromHeaders: [...rule.fromHeaders, DPOP] } : rule;
}
