/**
 * In: values under exact, prefix and suffix patterns. Out: all values whose pattern a text fits, without trying the others.
 * Pure, built at load. A prefix trie is kept flat: the patterns sorted, each with the longest other one that it begins
 * with. All prefixes of a text begin its nearest smaller neighbour too, so they lie on that one chain.
 */

/** `=text` the text itself, `^text` what begins with it, `$text` what ends with it. */
export type PatternKey = string;

interface Forest<V> {
  readonly texts: readonly string[];
  /** Index of the longest proper prefix in `texts`; -1 = none. */
  readonly parents: readonly number[];
  readonly values: readonly V[];
}

export interface PatternMap<V> {
  readonly exact: ReadonlyMap<string, V>;
  readonly prefixes: Forest<V>;
  /** Of reversed texts. */
  readonly suffixes: Forest<V>;
}

export function patternMap<V>(entries: ReadonlyMap<PatternKey, V>): PatternMap<V> {
  const exact = new Map<string, V>();
  const prefixes = new Map<string, V>();
  const suffixes = new Map<string, V>();
  for (const [key, value] of entries) {
    const text = key.slice(1);
    if (key.startsWith("=")) exact.set(text, value);
    else if (key.startsWith("^")) prefixes.set(text, value);
    else suffixes.set(reversed(text), value);
  }
  return { exact, prefixes: forest(prefixes), suffixes: forest(suffixes) };
}

export function visitMatches<V>(map: PatternMap<V>, text: string, visit: (value: V) => void): void {
  const exact = map.exact.get(text);
  if (exact !== undefined) visit(exact);
  visitPrefixes(map.prefixes, text, visit);
  if (map.suffixes.texts.length > 0) visitPrefixes(map.suffixes, reversed(text), visit);
}

function forest<V>(entries: ReadonlyMap<string, V>): Forest<V> {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = sorted.map(([text]) => text);
  const parents: number[] = [];
  for (const [index, text] of texts.entries()) {
    let parent = index - 1;
    while (parent >= 0 && !text.startsWith(texts[parent] ?? "")) parent = parents[parent] ?? -1;
    parents.push(parent);
  }
  return { texts, parents, values: sorted.map(([, value]) => value) };
}

function visitPrefixes<V>({ texts, parents, values }: Forest<V>, text: string, visit: (value: V) => void): void {
  let from = 0;
  let to = texts.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((texts[middle] ?? "") <= text) from = middle + 1;
    else to = middle;
  }
  for (let at = from - 1; at >= 0; at = parents[at] ?? -1) {
    const value = values[at];
    if (value !== undefined && text.startsWith(texts[at] ?? "")) visit(value);
  }
}

/** By code units, so that what ends with a text begins with it in reverse. */
function reversed(text: string): string {
  let turned = "";
  for (let at = text.length - 1; at >= 0; at--) turned += text.charAt(at);
  return turned;
}
