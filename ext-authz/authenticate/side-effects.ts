/**
 * What a verified token changes in the request (istio-semantics §3.8): outputs are written, the token is taken out unless
 * it is to be forwarded. In: the winning rule, its tokens and where they stood. Out: header changes. Pure.
 */
import type { HeaderChanges, JsonObject, RequestModel } from "../model.ts";
import { pairMemo } from "../pair-memo.ts";
import { renderClaim } from "./claim-header.ts";
import type { Location } from "./locations.ts";
import type { CompiledRule } from "./plan.ts";
import { queryParameter } from "./query-parameters.ts";
import type { TokenContent } from "./token.ts";

/** Without a token: what only rules may write is removed all the same, from preflights too. */
export function changesWithoutToken(owned: readonly string[]): HeaderChanges {
  return { remove: owned, set: [], removeQueryParameters: [] };
}

export function changesOnSuccess(
  rule: CompiledRule,
  token: TokenContent,
  places: readonly Location[],
  request: RequestModel,
  owned: readonly string[],
): HeaderChanges {
  const set = outputs(rule, token);
  const isWritten = (name: string): boolean => set.some(([written]) => written === name);
  if (rule.forward) return { remove: owned.filter((name) => !isWritten(name)), set, removeQueryParameters: [] };
  const remove = new Set(owned);
  const removeQueryParameters = new Set<string>();
  for (const place of places) {
    if (place.kind === "header") remove.add(place.name);
    else if (place.kind === "parameter") {
      removeQueryParameters.add(place.name);
      // Envoy compares the text before decoding when it removes for us: `access%5Ftoken` must go as well.
      for (const spelling of queryParameter(request.query, place.name)?.spellings ?? []) {
        removeQueryParameters.add(spelling);
      }
    }
  }
  for (const [name] of set) remove.delete(name);
  return { remove: [...remove], set, removeQueryParameters: [...removeQueryParameters] };
}

type Written = readonly (readonly [name: string, value: string])[];

/** The claims in headers, once for each rule and each token that is remembered. */
const claimsWritten = pairMemo(
  ({ claimHeaders }: CompiledRule, claims: JsonObject): Written => [...claimValues(claimHeaders, claims, new Map())],
);

/** Envoy appends: two claims for one header are two lines, which one line with a comma says as well (RFC 9110 §5.3). */
function outputs(rule: CompiledRule, token: TokenContent): Written {
  // What holds a piece of the token is not remembered.
  if (rule.payloadHeader === undefined) return claimsWritten(rule, token.claims);
  return [...claimValues(rule.claimHeaders, token.claims, new Map([[rule.payloadHeader, token.payloadSegment]]))];
}

function claimValues(
  headers: CompiledRule["claimHeaders"],
  claims: JsonObject,
  values: Map<string, string>,
): Map<string, string> {
  for (const { header, path } of headers) {
    const value = renderClaim(claims, path);
    if (value === undefined) continue;
    const before = values.get(header);
    values.set(header, before === undefined ? value : `${before},${value}`);
  }
  return values;
}
