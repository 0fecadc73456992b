/**
 * In: the values of one policy field. Out: a function that says whether a text matches any of them. Pure.
 * Istio's string patterns (AuthorizationPolicy reference): `*` alone is presence, `*x` a suffix, `x*` a prefix, anything
 * else exact. Only the outermost star counts: `*mid*` is "ends with the literal `mid*`". No RegExp is ever built.
 */

export type TextTest = (text: string) => boolean;

/** Whether `*` is content with an empty text: yes for headers that are there, no for paths, claims and SNI. */
export type Presence = "present" | "non-empty";

/** Any-of over many patterns; exact values share one set, so long lists cost one look-up. */
export function anyPattern(values: readonly string[], presence: Presence): TextTest {
  let any = false;
  const exact = new Set<string>();
  const prefixes: string[] = [];
  const suffixes: string[] = [];
  for (const value of values) {
    if (value === "*") any = true;
    else if (value.startsWith("*")) suffixes.push(value.slice(1));
    else if (value.endsWith("*")) prefixes.push(value.slice(0, -1));
    else exact.add(value);
  }
  const emptyCounts = presence === "present";
  return (text) => {
    if (any && (emptyCounts || text !== "")) return true;
    if (exact.has(text)) return true;
    for (const prefix of prefixes) if (text.startsWith(prefix)) return true;
    for (const suffix of suffixes) if (text.endsWith(suffix)) return true;
    return false;
  };
}

const UPPER = /[A-Z]/;

/** Lower-cases A–Z only. `toLowerCase` would fold the Kelvin sign to `k` and let a host pass for another. */
export function asciiLowerCase(text: string): string {
  return UPPER.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}
