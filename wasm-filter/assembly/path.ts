/**
 * What two readers of one path could read differently: the same rule as ext-authz/request (a path is refused when it is
 * ambiguous, or not normalized as the proxy in front was told to). In comes the target as received, out goes what is
 * wrong with it. One pass, no allocation, no effects. Sources: RFC 9110 §4.2.3; Envoy CVE-2021-29492, CVE-2021-32779.
 */
import { byteAt, find, hexDigit, isDigit, lower, spells } from "./ascii";

/** End of the path part of a target. */
export function pathEnd(target: Uint8Array): i32 {
  const mark = find(target, 0x3f, 0, target.length);
  return mark < 0 ? target.length : mark;
}

/** Envoy answers 400 to it; refused whatever the settings. */
export function hasEncodedNul(target: Uint8Array): bool {
  const end = pathEnd(target);
  for (let at = find(target, 0x25, 0, end); at >= 0; at = find(target, 0x25, at + 1, end)) {
    if (escapedByte(target, at, end) == 0) return true;
  }
  return false;
}

/** "" when nothing is ambiguous. `normalized` = the listener was told to normalize (any mode but NONE). */
export function ambiguity(target: Uint8Array, method: Uint8Array, normalized: bool): string {
  const end = pathEnd(target);
  if (byteAt(target, 0) != 0x2f || end == 0) {
    if (spells(target, 0, end, "*") && spells(method, 0, method.length, "OPTIONS")) return "";
    if (end == 0 && spells(method, 0, method.length, "CONNECT")) return "";
    return "the target is not an absolute path";
  }
  let segment = 1;
  for (let at = 0; at < end; at++) {
    const code = target[at];
    if (code <= 0x20 || code >= 0x7f) return "a byte that may not stand in a path";
    if (code == 0x5c) return "a backslash";
    if (code == 0x23) return "a fragment";
    if (code == 0x25) {
      const escaped = escapedByte(target, at, end);
      if (escaped == 0x2f || escaped == 0x5c || escaped == 0) return "an encoded slash, backslash or NUL";
      if ((escaped > 0 && escaped < 0x20) || escaped == 0x7f) return "an encoded control byte";
      if (normalized && escaped > 0 && isUnreserved(<u8>escaped)) return "not normalized";
    } else if (normalized && neverNormalized(code)) return "not normalized";
    if (code == 0x2f && at > 0) {
      if (at == segment) return "an empty segment";
      if (isDotSegment(target, segment, at)) return "a dot segment";
      segment = at + 1;
    }
  }
  return isDotSegment(target, segment, end) ? "a dot segment" : "";
}

/** `.` or `..`, spelled with `%2e` or not, with path parameters (`;` or `%3b`) or not. */
function isDotSegment(target: Uint8Array, from: i32, to: i32): bool {
  let dots = 0;
  let at = from;
  while (at < to) {
    const code = byteAt(target, at);
    const escaped = code == 0x25 ? escapedByte(target, at, to) : <i32>code;
    if (escaped == 0x3b) break;
    if (escaped != 0x2e || dots == 2) return false;
    dots++;
    at += code == 0x25 ? 3 : 1;
  }
  return dots > 0;
}

/** The byte that `%XX` at `at` spells; -1 for a malformed escape. */
function escapedByte(target: Uint8Array, at: i32, end: i32): i32 {
  if (at + 3 > end) return -1;
  const high = hexDigit(byteAt(target, at + 1));
  const low = hexDigit(byteAt(target, at + 2));
  return high < 0 || low < 0 ? -1 : (high << 4) | low;
}

/** RFC 3986 §2.3. */
function isUnreserved(code: u8): bool {
  const letter = lower(code) >= 0x61 && lower(code) <= 0x7a;
  return letter || isDigit(code) || code == 0x2d || code == 0x2e || code == 0x5f || code == 0x7e;
}

/** `"<>^{|}` and the backtick: Envoy's canonicalization writes them as escapes. */
function neverNormalized(code: u8): bool {
  switch (code) {
    case 0x22:
    case 0x3c:
    case 0x3e:
    case 0x5e:
    case 0x60:
    case 0x7b:
    case 0x7c:
    case 0x7d:
      return true;
    default:
      return false;
  }
}
