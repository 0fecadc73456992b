/**
 * What two readers of one path could read differently. In comes a path after normalization, out goes what is wrong with
 * it. With `strict` such a request is refused (DESIGN §6.2); the Wasm guard applies the same rule in front. Pure.
 */

/**
 * Undefined when nothing is ambiguous. `path` is after `normalizePath`; `method` decides about `*` and an absent path.
 * Sources: hostile.md C; RFC 9110 §4.2.3; the bypasses of Envoy CVE-2021-29492, CVE-2021-32779 and CVE-2026-73551.
 */
export function ambiguity(path: string, method: string): string | undefined {
  if (!path.startsWith("/")) {
    if (path === "*" && method === "OPTIONS") return undefined;
    if (path === "" && method === "CONNECT") return undefined;
    return "the target is not an absolute path";
  }
  if (PLAIN.test(path) && !path.includes("//")) return undefined;
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at);
    if (code <= 0x20 || code >= 0x7f) return "a byte that may not stand in a path";
  }
  if (path.includes("\\")) return "a backslash";
  if (path.includes("#")) return "a fragment";
  if (path.includes("//")) return "an empty segment";
  if (/%(?:2f|5c|00)/i.test(path)) return "an encoded slash, backslash or NUL";
  if (/%(?:[01][0-9a-f]|7f)/i.test(path)) return "an encoded control byte";
  if (/%[89a-f]/i.test(path) && !isUtf8(path)) return "encoded bytes that are not UTF-8";
  if (path.split("/").some(isDotSegment)) return "a dot segment";
  return undefined;
}

/** Refused whatever the settings: Envoy answers 400 to it, and no backend agrees with another on its meaning. */
export function hasEncodedNul(path: string): boolean {
  return path.includes("%00");
}

/** `%c0%ae` is a dot to a decoder that does not look closely: escapes beyond ASCII must spell UTF-8, in its one way. */
function isUtf8(path: string): boolean {
  return [...path.matchAll(/(?:%[89a-f][0-9a-f])+/gi)].every(([escapes]) => {
    try {
      decodeURIComponent(escapes);
      return true;
    } catch {
      return false;
    }
  });
}

const PLAIN = /^\/[A-Za-z0-9\-_~!$&'()*+,;:=@/]*$/;

/** `.` or `..`, spelled with `%2e` or not, with path parameters or not. */
function isDotSegment(segment: string): boolean {
  const parameters = segment.search(/;|%3b/i);
  const name = (parameters < 0 ? segment : segment.slice(0, parameters)).replace(/%2e/gi, ".");
  return name === "." || name === "..";
}
