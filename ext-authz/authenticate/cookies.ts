/**
 * The value of one cookie, as Envoy's parseCookies reads it: the first of that name over all lines, leading spaces of the
 * name skipped, one pair of surrounding double quotes removed. In: the `cookie` lines. Out: the value or undefined. Pure.
 */

export function cookieValue(lines: readonly string[], name: string): string | undefined {
  for (const line of lines) {
    for (const pair of line.split(";")) {
      const equal = pair.indexOf("=");
      if (equal < 0) continue;
      const start = firstNonSpace(pair);
      if (start < equal && pair.slice(start, equal) === name) return unquote(pair.slice(equal + 1));
    }
  }
  return undefined;
}

function firstNonSpace(text: string): number {
  let at = 0;
  while (text.charCodeAt(at) === 0x20) at++;
  return at;
}

function unquote(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}
