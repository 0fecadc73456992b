/**
 * Credentials where a request carries them. In: the places of a resource at load time, a request later. Out: what stands
 * there, each value once, and the header changes that take it out. A prefix counts at the start only, in any case, as
 * authentication schemes do (RFC 9110 §11.1). Pure.
 */
import { asciiLowerCase } from "../../authorize/string-pattern.ts";
import type { HeaderChanges, RequestModel } from "../../model.ts";
import { headerValues } from "../../request/inline-headers.ts";
import { queryParameter } from "../query-parameters.ts";

export type Place =
  | { readonly kind: "header"; readonly name: string; readonly prefix: string }
  | { readonly kind: "parameter"; readonly name: string };

interface Written {
  readonly fromHeaders: readonly { readonly name: string; readonly prefix: string }[];
  readonly fromParams: readonly string[];
}

/** `owned`: headers that only we may write; a client's value there is never a credential. */
export function compilePlaces(
  written: Written,
  defaults: readonly Place[],
  owned: readonly string[],
): readonly Place[] {
  const places: readonly Place[] = [
    ...written.fromHeaders.map(
      ({ name, prefix }) => ({ kind: "header", name, prefix: asciiLowerCase(prefix) }) as const,
    ),
    ...written.fromParams.map((name) => ({ kind: "parameter", name }) as const),
  ];
  return (places.length === 0 ? defaults : places).filter(
    (place) => place.kind !== "header" || !owned.includes(place.name),
  );
}

/** The values at one place. An empty value is a credential too, and a wrong one. */
export function valuesAt(place: Place, request: RequestModel): readonly string[] {
  if (place.kind === "parameter") {
    const parameter = queryParameter(request.query, place.name);
    return parameter === undefined ? [] : [parameter.value];
  }
  const { prefix } = place;
  return headerValues(request.headers, place.name)
    .filter((value) => asciiLowerCase(value.slice(0, prefix.length)) === prefix)
    .map((value) => value.slice(prefix.length).trim());
}

/** Every spelling of a parameter's name goes: whoever removes it compares spellings. */
export function changesWithout(places: readonly Place[], request: RequestModel): HeaderChanges {
  const remove = new Set<string>();
  const removeQueryParameters = new Set<string>();
  for (const place of places) {
    if (place.kind === "header") remove.add(place.name);
    else {
      removeQueryParameters.add(place.name);
      for (const spelling of queryParameter(request.query, place.name)?.spellings ?? []) {
        removeQueryParameters.add(spelling);
      }
    }
  }
  return { remove: [...remove], set: [], removeQueryParameters: [...removeQueryParameters] };
}
