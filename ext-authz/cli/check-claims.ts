/**
 * Stands in for the authentication stage when claims are given without a token: they count as verified. In: the claims.
 * Out: a stage that does all that a good token would: the issuer must be accepted by a RequestAuthentication of the
 * workload, an audience that is there must be listed, output headers are written. Signature and times are not looked at. Pure.
 */
import { ALGORITHMS, type Algorithm } from "../authenticate/algorithms.ts";
import type { authenticate } from "../authenticate/authenticate.ts";
import { normalizeAudience } from "../authenticate/check-claims.ts";
import type { AuthenticationPlan, CompiledRule } from "../authenticate/plan.ts";
import { AUDIENCE, ISSUER } from "../authenticate/refusals.ts";
import { changesOnSuccess, changesWithoutToken } from "../authenticate/side-effects.ts";
import { splitClaims } from "../authenticate/space-delimited.ts";
import type { Token } from "../authenticate/token.ts";
import type { JsonObject, JsonValue, VerifiedToken } from "../model.ts";
import { err, ok } from "../result.ts";

/** @param claims undefined = no token in the request */
export function assumeClaims(claims: JsonObject | undefined): typeof authenticate {
  return (plan, request) => {
    const changes = changesWithoutToken(plan.ownedHeaders);
    // Without any rule Istio looks at no token at all, however good; TCP has none.
    if (claims === undefined || plan.rules.length === 0 || request.protocol === "tcp") {
      return ok({ token: undefined, payload: undefined, changes, repeatable: { until: Number.POSITIVE_INFINITY } });
    }
    const rule = ruleFor(plan, claims);
    if (rule === undefined) return err(ISSUER);
    if (!audienceFits(rule, claims)) return err(AUDIENCE);
    const token = unsigned(claims);
    const verified: VerifiedToken = {
      raw: "",
      issuer: token.issuer,
      subject: token.subject,
      expiresAt: undefined,
      claims,
    };
    const payload = splitClaims(claims, rule.spaceDelimited);
    const exp = Object.hasOwn(claims, "exp") ? claims["exp"] : undefined;
    const repeatable = { until: typeof exp === "number" ? exp : Number.POSITIVE_INFINITY };
    return ok({
      ...{ token: verified, payload, repeatable },
      changes: changesOnSuccess(rule, { raw: token.raw, content: token }, [], request, plan.ownedHeaders),
    });
  };
}

function ruleFor(plan: AuthenticationPlan, claims: JsonObject): CompiledRule | undefined {
  const issuer = text(claims, "iss") ?? "";
  return plan.rules.find(({ claims: rule }) => rule.issuer === "" || rule.issuer === issuer);
}

/** Claims in a test often name no audience: then they are taken as meant for us. */
function audienceFits(rule: CompiledRule, claims: JsonObject): boolean {
  const { audiences } = rule.claims;
  if (audiences.size === 0 || !Object.hasOwn(claims, "aud")) return true;
  const listed: readonly JsonValue[] = [claims["aud"] ?? []].flat();
  return listed.some((one) => typeof one === "string" && audiences.has(normalizeAudience(one)));
}

function unsigned(claims: JsonObject): Token {
  const nobody = Buffer.alloc(0);
  return {
    // Of a token's three segments the one that headers may repeat.
    raw: `.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.`,
    alg: "ES256",
    algorithm: es256(),
    kid: "",
    bringsKey: false,
    claims,
    issuer: text(claims, "iss") ?? "",
    subject: text(claims, "sub"),
    audiences: [],
    notBefore: 0,
    expiresAt: 0,
    signedBytes: nobody,
    signature: nobody,
  };
}

function es256(): Algorithm {
  const algorithm = ALGORITHMS.get("ES256");
  if (algorithm === undefined) throw new Error("ES256 is gone from the table of algorithms");
  return algorithm;
}

function text(claims: JsonObject, name: string): string | undefined {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === "string" ? value : undefined;
}
