/**
 * In: values of `requestPrincipals`. Out: a test on a verified token's payload. Pure.
 * `iss` and `sub` are matched apart and never joined: otherwise (iss `a`, sub `b/c`) would pass for (iss `a/b`, sub `c`).
 * The pattern is split at its last slash, as Istio does since 1.21; so a sub that holds a slash cannot be named exactly.
 */
import type { JsonObject } from "../model.ts";
import { anyPattern, type TextTest } from "./string-pattern.ts";

interface Pair {
  readonly issuer: TextTest;
  readonly subject: TextTest;
}

export function requestPrincipalTest(values: readonly string[]): (payload: JsonObject) => boolean {
  const pairs = values.map(splitPattern);
  return (payload) => {
    const issuer = ownString(payload, "iss");
    const subject = ownString(payload, "sub");
    if (issuer === undefined || subject === undefined) return false;
    return pairs.some((pair) => pair.issuer(issuer) && pair.subject(subject));
  };
}

const some: TextTest = (text) => text !== "";
const exactly =
  (wanted: string): TextTest =>
  (text) =>
    text === wanted;
const wild = (pattern: string): TextTest => anyPattern([pattern], "non-empty");

function splitPattern(value: string): Pair {
  const slash = value.lastIndexOf("/");
  const issuer = slash < 0 ? value : value.slice(0, slash);
  const subject = slash < 0 ? "" : value.slice(slash + 1);
  if (value === "*") return { issuer: some, subject: some };
  if (value.startsWith("*")) {
    if (slash < 0) return { issuer: some, subject: wild(value) };
    return { issuer: issuer === "*" ? some : endingWith(issuer.slice(1)), subject: exactly(subject) };
  }
  if (value.endsWith("*")) {
    if (slash < 0) return { issuer: wild(value), subject: some };
    return { issuer: exactly(issuer), subject: wild(subject) };
  }
  return { issuer: exactly(issuer), subject: exactly(subject) };
}

function endingWith(suffix: string): TextTest {
  return (text) => text.endsWith(suffix);
}

function ownString(payload: JsonObject, claim: string): string | undefined {
  const value = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
  return typeof value === "string" ? value : undefined;
}
