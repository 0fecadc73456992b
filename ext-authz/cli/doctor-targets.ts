/**
 * What `doctor jwks` looks at. In: the policies' rules, what was asked for. Out: one target for each set of keys. Pure.
 */

import { placeOf } from "../authenticate/key-sources.ts";
import { displayOf, type Place } from "../authenticate/remote-document.ts";
import type { JwtRule, Resource } from "../resources/resource.ts";
import { UsageError } from "./command.ts";

export interface Target {
  /** For people: no query, no userinfo. */
  readonly name: string;
  readonly issuer: string;
  readonly where:
    | Place
    | { readonly kind: "inline"; readonly text: string }
    | { readonly kind: "either"; readonly url: string };
  readonly timeoutMs: number;
}

const TIMEOUT_MS = 5000;

/** @throws UsageError when an argument is neither a rule's issuer or URI nor a URL. */
export function targetsOf(resources: readonly Resource[], asked: readonly string[]): readonly Target[] {
  const rules = resources.flatMap((one) => (one.kind === "RequestAuthentication" ? one.jwtRules : []));
  if (asked.length === 0) return unique(rules.map(targetOfRule));
  return unique(asked.flatMap((argument) => targetsNamed(argument, rules)));
}

function targetsNamed(argument: string, rules: readonly JwtRule[]): readonly Target[] {
  const named = rules.filter(({ issuer, jwksUri }) => issuer === argument || jwksUri === argument);
  if (named.length > 0) return named.map(targetOfRule);
  if (!/^https?:/i.test(argument) || !URL.canParse(argument)) {
    throw new UsageError("an argument is neither an issuer of the policies nor an http(s) URL");
  }
  const name = displayOf({ kind: "uri", uri: argument });
  return [{ name, issuer: argument, where: { kind: "either", url: argument }, timeoutMs: TIMEOUT_MS }];
}

function targetOfRule(rule: JwtRule): Target {
  const { issuer, timeoutMs } = rule;
  if (rule.jwks !== undefined) {
    return { name: `jwks of ${issuer}`, issuer, where: { kind: "inline", text: rule.jwks }, timeoutMs };
  }
  const where = placeOf(rule);
  return { name: displayOf(where), issuer, where, timeoutMs };
}

/** Two rules of one set of keys are one target. */
function unique(targets: readonly Target[]): readonly Target[] {
  return [...new Map(targets.map((target) => [JSON.stringify(target.where), target])).values()];
}
