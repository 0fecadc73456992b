/**
 * What a verified token changes in the request (istio-semantics §3.8): outputs are written, the token is taken out unless
 * it is to be forwarded. In: the winning rule, its tokens and where they stood. Out: header changes. Pure.
 */
import type { HeaderChanges, RequestModel } from "../model.ts";
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
  const remove = new Set(owned);
  const removeQueryParameters = new Set<string>();
  for (const place of rule.forward ? [] : places) {
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

/** Envoy appends: two claims for one header are two lines, which one line with a comma says as well (RFC 9110 §5.3). */
function outputs(rule: CompiledRule, token: TokenContent): readonly (readonly [name: string, value: string])[] {
  const values = new Map<string, string>();
  if (rule.payloadHeader !== undefined) values.set(rule.payloadHeader, token.payloadSegment);
  for (const { header, path } of rule.claimHeaders) {
    const value = renderClaim(token.claims, path);
    if (value === undefined) continue;
    const before = values.get(header);
    values.set(header, before === undefined ? value : `${before},${value}`);
  }
  return [...values];
}
