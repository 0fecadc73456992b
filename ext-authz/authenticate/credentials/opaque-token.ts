/**
 * Opaque tokens: where they stand, and who they are for. In: TokenIntrospection resources at load time, a request later.
 * Out: the one token that is to be introspected; then, from the server's answer, the verified identity or the refusal. Pure.
 */
import type { HeaderChanges, JsonObject, JsonValue, RequestModel } from "../../model.ts";
import type { TokenIntrospection } from "../../resources/credential-resource.ts";
import { err, ok, type Result } from "../../result.ts";
import { decodeBase64url } from "../base64url.ts";
import { normalizeAudience } from "../check-claims.ts";
import type { Location } from "../locations.ts";
import type { AuthenticationPlan } from "../plan.ts";
import { member, parseStrictObject } from "../strict-json.ts";
import type { Credential, CredentialRefusal } from "./credential.ts";
import type { IntrospectionAnswer } from "./introspection-answer.ts";
import type { Introspector } from "./introspector.ts";
import { changesWithout, compilePlaces, type Place, valuesAt } from "./places.ts";
import * as refusals from "./refusals.ts";

export interface OpaqueRule {
  readonly places: readonly Place[];
  readonly removed: readonly Place[];
  readonly issuer: string;
  /** Normalized; empty = none listed. */
  readonly audiences: ReadonlySet<string>;
  readonly strict: boolean;
  readonly clockSkewSeconds: number;
  readonly introspector: Introspector;
}

export interface FoundToken {
  readonly raw: string;
  /** The rules that look at a place where it stands: any of them may know it. */
  readonly rules: readonly OpaqueRule[];
  /** Where it was found: what reads JWTs does not look there. */
  readonly places: readonly Place[];
}

const BEARER = { kind: "header", name: "authorization", prefix: "bearer " } as const;
const DPOP = { kind: "header", name: "authorization", prefix: "dpop " } as const;
const isBearer = (place: Place): boolean =>
  place.kind === "header" && place.name === BEARER.name && place.prefix === BEARER.prefix;

export function compileOpaque(
  resource: TokenIntrospection,
  introspector: Introspector,
  context: {
    readonly strict: boolean;
    readonly clockSkewSeconds: number;
    readonly dpop: boolean;
    readonly owned: readonly string[];
  },
): OpaqueRule {
  const { strict, clockSkewSeconds } = context;
  const written = compilePlaces(resource, [BEARER], context.owned);
  // RFC 9449 §7.1: where proofs are looked at, the scheme of bound tokens is read beside `Bearer`.
  const places = context.dpop && written.some(isBearer) ? [...written, DPOP] : written;
  return {
    places,
    removed: resource.forward ? [] : places,
    issuer: resource.issuer,
    audiences: new Set(resource.audiences.map(normalizeAudience)),
    strict,
    clockSkewSeconds,
    introspector,
  };
}

/** Schemes are compared without case: `bearer` must not carry a JWT past a rule that reads `Bearer `. */
function isSharedWith(location: Location, place: Place): boolean {
  if (location.kind !== place.kind || location.name !== place.name) return false;
  if (location.kind !== "header" || place.kind !== "header") return true;
  return location.prefix.trim().toLowerCase() === place.prefix.trim().toLowerCase();
}

/**
 * Undefined: none. Where a jwtRule looks too, a token in the form of a JWT is the jwtRule's: whether it verifies is not
 * decided by asking elsewhere.
 */
export function findOpaque(
  rules: readonly OpaqueRule[],
  jwt: AuthenticationPlan,
  request: RequestModel,
): Result<FoundToken, CredentialRefusal> | undefined {
  if (rules.length === 0) return undefined;
  const found = new Map<string, { readonly rules: Set<OpaqueRule>; readonly places: Set<Place> }>();
  for (const rule of rules) {
    for (const place of rule.places) {
      const shared = jwt.locations.some((location) => isSharedWith(location, place));
      for (const raw of valuesAt(place, request)) {
        if (shared && hasJwtForm(raw, jwt.limits.jsonDepth)) continue;
        const entry = found.get(raw) ?? { rules: new Set(), places: new Set() };
        entry.rules.add(rule);
        entry.places.add(place);
        found.set(raw, entry);
      }
    }
  }
  const [first, more] = found;
  if (first === undefined) return undefined;
  if (more !== undefined) return err(refusals.SEVERAL_TOKENS);
  const [raw, entry] = first;
  if (raw.length > jwt.limits.tokenLength) return err(refusals.TOKEN_TOO_LARGE);
  // RFC 6750 §2.1 b64token, widened to visible ASCII: nothing else is a token of anybody.
  if (!/^[\x21-\x7e]+$/.test(raw)) return err(refusals.TOKEN_MALFORMED);
  return ok({ raw, rules: [...entry.rules], places: [...entry.places] });
}

function hasJwtForm(raw: string, maxDepth: number): boolean {
  const [header = "", , , more] = raw.split(".", 4);
  if (more !== undefined || raw.split(".", 3).length !== 3 || raw.length > 65_536) return false;
  return parseStrictObject(decodeBase64url(header) ?? "", maxDepth) !== undefined;
}

/** The identity that an answer gives, by the rule that asked. `now` in seconds. */
export function judgeAnswer(
  answer: IntrospectionAnswer,
  raw: string,
  rule: OpaqueRule,
  now: number,
): Result<Credential, CredentialRefusal> {
  if (!answer.active) return err(refusals.INACTIVE);
  const { claims, notBefore, expiresAt, audiences } = answer;
  if (!isAccessToken(claims)) return err(refusals.NOT_ACCESS_TOKEN);
  if ((member(claims, "iss") ?? rule.issuer) !== rule.issuer) return err(refusals.OTHER_ISSUER);
  if (now + rule.clockSkewSeconds < notBefore) return err(refusals.NOT_YET_VALID);
  // No leeway: the server that said "active" a moment ago has the clock that counts.
  if (expiresAt !== undefined && now >= expiresAt) return err(refusals.EXPIRED);
  if (rule.audiences.size === 0 && rule.strict) return err(refusals.NO_AUDIENCES_LISTED);
  if (rule.audiences.size > 0 && !audiences.some((audience) => rule.audiences.has(normalizeAudience(audience)))) {
    return err(refusals.AUDIENCE);
  }
  const whole: { [name: string]: JsonValue } = Object.assign(Object.create(null), claims);
  whole["iss"] = rule.issuer;
  const subject = member(claims, "sub");
  const token = {
    raw,
    issuer: rule.issuer,
    subject: typeof subject === "string" ? subject : undefined,
    expiresAt,
    claims: whole,
  };
  return ok({ kind: "opaque", token });
}

/** Servers also call refresh and ID tokens active. Taken for access tokens they would live for months. */
function isAccessToken(claims: JsonObject): boolean {
  const said = ["token_type", "token_use", "typ"].map((name) => String(member(claims, name) ?? "").toLowerCase());
  return !said.some((kind) => /^(?:refresh|refresh_token|id|id_token|offline)$/.test(kind));
}

export function changesWithoutOpaque(rules: readonly OpaqueRule[], request: RequestModel): HeaderChanges {
  return changesWithout(
    rules.flatMap(({ removed }) => removed),
    request,
  );
}
