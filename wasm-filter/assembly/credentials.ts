/**
 * Whether a request brings credentials, and what is wrong with them at first sight. In come the request's lines and the
 * rules, out goes a refusal or nothing; the server verifies. Semantics: Istio's (default token locations, CORS preflight).
 */
import { byteAt, bytesOf, find, hexDigit, slice, spells } from "./ascii";
import { ByteWriter } from "./byte-writer";
import { GuardConfiguration } from "./guard-configuration";
import { bearerToken, refuseToken } from "./jwt-shape";
import { pathEnd } from "./path";
import { Refusal } from "./refusal";
import { RequestHead } from "./request-head";

const PARAMETER = "access_token";

/** `now` in seconds. */
export function refuseCredentials(
  head: RequestHead,
  method: Uint8Array,
  target: Uint8Array,
  rules: GuardConfiguration,
  now: i64,
): Refusal | null {
  const token = rules.token;
  if (token === null || isPreflight(head, method)) return null;
  const bearer = presentedToken(head);
  if (bearer !== null) return refuseToken(bearer, token, now);
  if (!rules.tokenRequired || isOpen(target, rules.openPaths) || hasParameter(target)) return null;
  return new Refusal("credentials_missing", "Jwt is missing");
}

/** What limits by token count with: the bearer token as it stands; null when there is none. */
export function presentedToken(head: RequestHead): Uint8Array | null {
  const line = head.find("authorization");
  if (line < 0) return null;
  const isOnly = head.find("authorization", line + 1) < 0;
  return bearerToken(isOnly ? head.value(line) : joinedLines(head.all("authorization")));
}

/** istio-semantics §3.7: such a request never carries credentials. */
function isPreflight(head: RequestHead, method: Uint8Array): bool {
  if (!spells(method, 0, method.length, "OPTIONS")) return false;
  return head.first("origin").length > 0 && head.first("access-control-request-method").length > 0;
}

/** Envoy joins the lines of `authorization` with a comma before any filter sees them. */
function joinedLines(lines: Uint8Array[]): Uint8Array {
  const out = new ByteWriter();
  for (let i = 0; i < lines.length; i++) {
    if (i > 0) out.byte(0x2c);
    out.bytes(lines[i]);
  }
  return out.take();
}

function isOpen(target: Uint8Array, patterns: string[]): bool {
  const end = pathEnd(target);
  for (let i = 0; i < patterns.length; i++) {
    const pattern = patterns[i];
    const isPrefix = pattern.endsWith("*");
    const text = isPrefix ? pattern.slice(0, pattern.length - 1) : pattern;
    const bytes = bytesOf(text);
    if (isPrefix ? end < bytes.length : end != bytes.length) continue;
    if (memory.compare(target.dataStart, bytes.dataStart, bytes.length) == 0) return true;
  }
  return false;
}

/** True when the query names `access_token`, with or without escapes; its value is the server's to read. */
function hasParameter(target: Uint8Array): bool {
  const fragment = find(target, 0x23, 0, target.length);
  const end = fragment < 0 ? target.length : fragment;
  for (let at = pathEnd(target) + 1; at < end; ) {
    const next = find(target, 0x26, at, end);
    const to = next < 0 ? end : next;
    const equals = find(target, 0x3d, at, to);
    const name = unescaped(slice(target, at, equals < 0 ? to : equals));
    if (spells(name, 0, name.length, PARAMETER)) return true;
    at = to + 1;
  }
  return false;
}

function unescaped(name: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  for (let at = 0; at < name.length; at++) {
    const high = byteAt(name, at) == 0x25 ? hexDigit(byteAt(name, at + 1)) : -1;
    const low = high < 0 ? -1 : hexDigit(byteAt(name, at + 2));
    if (low < 0) out.byte(name[at]);
    else {
      out.byte(<u8>((high << 4) | low));
      at += 2;
    }
  }
  return out.take();
}
