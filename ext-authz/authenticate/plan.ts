/**
 * RequestAuthentication resources become a plan, once per load. In: the resources that select one workload, and where keys
 * come from. Out: an immutable plan for `authenticate.ts`, and the headers that it owns. Effects: it asks for key sources.
 */
import type { Limits } from "../config/settings.ts";
import type { JwtRule, RequestAuthentication } from "../resources/resource.ts";
import { type ClaimRules, normalizeAudience } from "./check-claims.ts";
import type { KeySource, KeySources } from "./key-source.ts";
import { compileLocations, type Location } from "./locations.ts";
import { ALWAYS_SPLIT } from "./space-delimited.ts";
import { type VerifiedTokens, verifiedTokensOf } from "./verified-tokens.ts";

export interface AuthenticationOptions {
  readonly strict: boolean;
  readonly clockSkewSeconds: number;
  readonly limits: Limits;
  readonly keys: KeySources;
  /** Default: one for all plans with the same `keys`. */
  readonly verified?: VerifiedTokens;
}

export interface CompiledRule {
  readonly claims: ClaimRules;
  /** In collection order. Equal locations of several rules are one object. */
  readonly locations: readonly Location[];
  readonly keys: KeySource;
  readonly forward: boolean;
  readonly payloadHeader: string | undefined;
  readonly claimHeaders: readonly { readonly header: string; readonly path: readonly string[] }[];
  readonly spaceDelimited: ReadonlySet<string>;
}

export interface AuthenticationPlan {
  /** Sorted by issuer: the first that verifies wins. */
  readonly rules: readonly CompiledRule[];
  readonly locations: readonly Location[];
  readonly ownedHeaders: readonly string[];
  readonly strict: boolean;
  readonly limits: Limits;
  readonly verified: VerifiedTokens;
}

/** `resources`: already selected for the workload. No rule at all = no JWT processing at all, as in Istio. */
export function compileAuthentication(
  resources: readonly RequestAuthentication[],
  options: AuthenticationOptions,
): AuthenticationPlan {
  const rules = resources.flatMap((resource) => resource.jwtRules).sort(byIssuer);
  const owned = new Set(rules.flatMap(writtenHeaders));
  const locations = new Map<string, Location>();
  const compiled = rules.map((rule) => compileRule(rule, options, owned, locations));
  return {
    rules: compiled,
    locations: [...locations.values()],
    ownedHeaders: [...owned],
    strict: options.strict,
    limits: options.limits,
    verified: options.verified ?? verifiedTokensOf(options.keys),
  };
}

/** Every header that any rule writes, lower-case: nobody else may set one of them. */
export function ownedHeaders(plan: AuthenticationPlan): readonly string[] {
  return plan.ownedHeaders;
}

function byIssuer(a: JwtRule, b: JwtRule): number {
  return a.issuer < b.issuer ? -1 : Number(a.issuer > b.issuer);
}

function writtenHeaders(rule: JwtRule): readonly string[] {
  const names = rule.outputClaimToHeaders.map(({ header }) => header.toLowerCase());
  return rule.outputPayloadToHeader === undefined ? names : [rule.outputPayloadToHeader.toLowerCase(), ...names];
}

function compileRule(
  rule: JwtRule,
  options: AuthenticationOptions,
  owned: ReadonlySet<string>,
  shared: Map<string, Location>,
): CompiledRule {
  // Owned headers are stripped before any token is looked for (§17): a client's value there is never a token.
  const locations = compileLocations(rule).filter(({ kind, name }) => kind !== "header" || !owned.has(name));
  return {
    claims: {
      issuer: rule.issuer,
      audiences: new Set(rule.audiences.map(normalizeAudience)),
      strict: options.strict,
      clockSkewSeconds: options.clockSkewSeconds,
    },
    locations: locations.map((location) => sharedLocation(location, shared)),
    keys: options.keys.sourceFor(rule),
    forward: rule.forwardOriginalToken,
    payloadHeader: rule.outputPayloadToHeader?.toLowerCase(),
    claimHeaders: rule.outputClaimToHeaders.map(({ header, claim }) => ({
      header: header.toLowerCase(),
      path: claim.split("."),
    })),
    spaceDelimited: new Set([...ALWAYS_SPLIT, ...rule.spaceDelimitedClaims]),
  };
}

function sharedLocation(location: Location, shared: Map<string, Location>): Location {
  const key = JSON.stringify([location.kind, location.name, location.kind === "header" ? location.prefix : ""]);
  const known = shared.get(key);
  if (known !== undefined) return known;
  shared.set(key, location);
  return location;
}
