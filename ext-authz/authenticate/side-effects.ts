/**
 * What a verified token changes in the request (istio-semantics §3.8): outputs are written, the token is taken out unless
 * it is to be forwarded. In: the winning rule, its tokens and where they stood. Out: header changes. Pure.
 */
import { KeptChanges } from "../kept-changes.ts";
import type { HeaderChanges, JsonObject, RequestModel } from "../model.ts";
import { pairMemo } from "../pair-memo.ts";
import { renderClaim } from "./claim-header.ts";
import type { Location } from "./locations.ts";
import type { CompiledRule } from "./plan.ts";
import { queryParameter } from "./query-parameters.ts";
import type { ReadToken } from "./verify-token.ts";

/** Without a token: what only rules may write is removed all the same, from preflights too. */
export function changesWithoutToken(owned: readonly string[]): HeaderChanges {
  return { remove: owned, set: [], removeQueryParameters: [] };
}

export function changesOnSuccess(
  rule: CompiledRule,
  { raw, content: { claims } }: ReadToken,
  places: readonly Location[],
  request: RequestModel,
  owned: readonly string[],
): HeaderChanges {
  // What holds a piece of the token is not remembered, nor what holds a piece of the query.
  if (rule.payloadHeader !== undefined) {
    const values = new Map([[rule.payloadHeader, payloadSegment(raw)]]);
    return changesAt(rule, places, request, owned, [...claimValues(rule.claimHeaders, claims, values)]);
  }
  const kept = claimsWritten(rule, claims);
  const place = placeOf(rule, places);
  if (place === undefined) return changesAt(rule, places, request, owned, kept.set);
  // The same token hardly ever stands in two places in turn.
  if (kept.place !== place || kept.changes === undefined) {
    kept.place = place;
    kept.changes = new KeptChanges(changesAt(rule, places, request, owned, kept.set));
  }
  return kept.changes;
}

/** What the changes depend on besides rule and claims, where it is a thing that does not go: else undefined. */
function placeOf(rule: CompiledRule, places: readonly Location[]): Location | typeof ANYWHERE | undefined {
  if (rule.forward) return ANYWHERE;
  const [only] = places;
  return places.length === 1 && only?.kind === "header" ? only : undefined;
}

function changesAt(
  rule: CompiledRule,
  places: readonly Location[],
  request: RequestModel,
  owned: readonly string[],
  set: HeaderChanges["set"],
): HeaderChanges {
  const isWritten = (name: string): boolean => set.some(([written]) => written === name);
  if (rule.forward) {
    const remove = owned.every(isWritten) ? NOTHING : owned.filter((name) => !isWritten(name));
    return { remove, set, removeQueryParameters: NOTHING };
  }
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

const ANYWHERE = "anywhere";
const NOTHING: readonly string[] = [];

/** Of one rule (so: of one plan, with its owned headers) and one token that is remembered. */
interface Kept {
  readonly set: HeaderChanges["set"];
  /** Where the token stood last, and the changes for it. */
  place: Location | typeof ANYWHERE;
  changes: HeaderChanges | undefined;
}

const claimsWritten = pairMemo(({ claimHeaders }: CompiledRule, claims: JsonObject): Kept => {
  // A copy: a list of what a map holds has room for sixteen more, and this one is kept.
  return { set: [...claimValues(claimHeaders, claims, new Map())].slice(), place: ANYWHERE, changes: undefined };
});

/** As sent. */
function payloadSegment(raw: string): string {
  return raw.slice(raw.indexOf(".") + 1, raw.lastIndexOf("."));
}

/** Envoy appends: two claims for one header are two lines, which one line with a comma says as well (RFC 9110 §5.3). */
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
