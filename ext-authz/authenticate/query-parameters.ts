/**
 * One parameter of a query string, as Envoy's QueryParamsMulti reads it: names and values are percent-decoded, `+` stays,
 * a bad escape stays as it is, the first occurrence counts. In: the query without `?`. Out: the value and every spelling of
 * the name that occurs, since a remover that compares spellings must remove them all. Pure, linear, never throws.
 */

export interface QueryParameter {
  /** Of the first occurrence. Bytes, not text: one character per byte (a token is ASCII or nothing). */
  readonly value: string;
  readonly spellings: readonly string[];
}

export function queryParameter(query: string, name: string): QueryParameter | undefined {
  // Without an escape a name is spelled as it is.
  if (!query.includes("%") && !query.includes(name)) return undefined;
  let value: string | undefined;
  const spellings = new Set<string>();
  const wanted = latin1(name);
  const hash = query.indexOf("#");
  for (const pair of (hash < 0 ? query : query.slice(0, hash)).split("&")) {
    const equal = pair.indexOf("=");
    const spelling = equal < 0 ? pair : pair.slice(0, equal);
    if (!(spelling.includes("%") ? spells(spelling, wanted) : spelling === name)) continue;
    spellings.add(spelling);
    value ??= equal < 0 ? "" : percentDecode(pair.slice(equal + 1));
  }
  return value === undefined ? undefined : { value, spellings: [...spellings] };
}

/** Most pairs are told apart undecoded: a query of nothing but `&` has as many as it has bytes. */
function spells(spelling: string, wanted: string): boolean {
  return spelling.length <= 3 * wanted.length && percentDecode(spelling) === wanted;
}

function percentDecode(text: string): string {
  if (!text.includes("%")) return latin1(text);
  return latin1(text).replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

const NOT_ASCII = /[^ -~]/;

function latin1(text: string): string {
  return NOT_ASCII.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}
