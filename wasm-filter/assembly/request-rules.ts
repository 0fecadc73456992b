/**
 * Cheap checks of a request's shape, each off unless the operator set it: method, content type, number and size of headers,
 * size of the body. In come the request's lines, out goes a refusal or nothing. No effects.
 */
import { byteAt, find, isDigit, isTokenChar, lower, spells, textOf } from "./ascii";
import { Refusal } from "./refusal";
import { RequestHead, trimmed } from "./request-head";

export class RequestRules {
  /** Empty = any. */
  methods: string[] = [];
  /** Lower-case `type/subtype`, or `type/*`; empty = any. */
  contentTypes: string[] = [];
  /** Lines with the pseudo-headers, and bytes of their names and values; 0 = any. */
  maxHeaders: i32 = 0;
  maxHeaderBytes: i32 = 0;
  /** -1 = any. */
  maxBodyBytes: i64 = -1;
}

/** `hasBody` false when the request ends with its head. */
export function refuseShape(head: RequestHead, method: Uint8Array, hasBody: bool, rules: RequestRules): Refusal | null {
  const tooMany = rules.maxHeaders > 0 && head.length > rules.maxHeaders;
  if (tooMany || (rules.maxHeaderBytes > 0 && head.size() > rules.maxHeaderBytes)) {
    return new Refusal("headers_too_large", "The request headers are too many or too large");
  }
  if (rules.methods.length > 0 && !rules.methods.includes(textOf(method, 0, method.length))) {
    return new Refusal("method_not_allowed", "The method is not allowed", ["allow", rules.methods.join(", ")]);
  }
  if (rules.contentTypes.length > 0 && !isAllowedType(head.all("content-type"), hasBody, rules.contentTypes)) {
    return new Refusal("content_type_unsupported", "The content type is not supported");
  }
  if (rules.maxBodyBytes >= 0 && announced(head.all("content-length"), rules.maxBodyBytes)) return tooLarge();
  return null;
}

export function tooLarge(): Refusal {
  return new Refusal("body_too_large", "The request body is too large");
}

/** Without a body there is nothing to have a type; with one there must be exactly one line (RFC 9110 §8.3). */
function isAllowedType(lines: Uint8Array[], hasBody: bool, allowed: string[]): bool {
  if (lines.length == 0) return !hasBody;
  if (lines.length > 1) return false;
  const semicolon = find(lines[0], 0x3b, 0, lines[0].length);
  // A copy: it is written to.
  const type = trimmed(semicolon < 0 ? lines[0] : lines[0].subarray(0, semicolon)).slice(0);
  let slashes = 0;
  for (let i = 0; i < type.length; i++) {
    // Envoy joins two lines by a comma, which no type holds.
    if (type[i] == 0x2f) slashes++;
    else if (!isTokenChar(type[i])) return false;
    type[i] = lower(type[i]);
  }
  if (slashes != 1) return false;
  for (let i = 0; i < allowed.length; i++) {
    const wanted = allowed[i];
    if (!wanted.endsWith("/*")) {
      if (spells(type, 0, type.length, wanted)) return true;
    } else {
      const start = wanted.length - 1;
      if (type.length > start && spells(type, 0, start, wanted.slice(0, start))) return true;
    }
  }
  return false;
}

/** True when a length is announced that is above `most`, or that no reader can be sure of. */
function announced(lines: Uint8Array[], most: i64): bool {
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    if (line.length == 0 || line.length > 15) return true;
    let value: i64 = 0;
    for (let at = 0; at < line.length; at++) {
      if (!isDigit(byteAt(line, at))) return true;
      value = value * 10 + (byteAt(line, at) - 0x30);
    }
    if (value > most) return true;
  }
  return false;
}
