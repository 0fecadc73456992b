/**
 * What a clause was compared with, as text for people. In: the clause's field as in the policy, and the facts. Out: the
 * values, cut to a bounded length; none = the attribute is absent. Pure. Tokens and secret headers are never shown.
 */
import type { JsonValue } from "../model.ts";
import { redact } from "../observe/log.ts";
import { isSecretHeader, MASKED } from "../observe/secret-header.ts";
import { claimAt, insideBrackets, parseClaimPath } from "./claim.ts";
import { type Facts, headerMatches } from "./facts.ts";
import { asciiLowerCase } from "./string-pattern.ts";

const MAX_VALUES = 20;
const MAX_TEXT = 200;

/** @param field as in `Clause.field`: `source.notPrincipals`, `operation.paths`, `request.auth.claims[roles]` */
export function comparedValues(field: string, facts: Facts): readonly string[] {
  return shown(rawValues(field, facts));
}

/** At most 20 values of at most 200 characters, without anything that looks like a credential. */
export function shown(values: readonly string[]): readonly string[] {
  const kept = values.slice(0, MAX_VALUES).map((value) => redact(cut(value)));
  return values.length > kept.length ? [...kept, `… ${values.length - kept.length} more`] : kept;
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

function rawValues(field: string, facts: Facts): readonly string[] {
  const { request, payload } = facts;
  switch (positive(field)) {
    case "source.principals":
    case "source.namespaces":
    case "source.serviceAccounts":
    case "source.trustDomains":
    case "source.principal":
    case "source.namespace":
    case "source.serviceAccount":
    case "source.trustDomain":
      return present(request.sourcePrincipal);
    case "source.requestPrincipals":
    case "request.auth.principal":
      return payload === undefined ? [] : requestPrincipal(claimAt(payload, ["iss"]), claimAt(payload, ["sub"]));
    case "source.ipBlocks":
    case "source.ip":
      return present(request.source.address?.text);
    case "source.remoteIpBlocks":
    case "remote.ip":
      return present(request.remoteAddress?.text);
    case "operation.hosts":
      return present(facts.host);
    case "operation.methods":
      return request.method === "" ? [] : [request.method];
    case "operation.paths":
      return request.path === "" ? [] : [request.path];
    case "operation.ports":
    case "destination.port":
      return [String(request.destination.port)];
    case "destination.ip":
      return present(request.destination.address?.text);
    case "connection.sni":
      return request.sni === "" ? [] : [request.sni];
    case "request.auth.audiences":
      return claimValues(facts, ["aud"]);
    case "request.auth.presenter":
      return claimValues(facts, ["azp"]);
  }
  if (field.startsWith("request.headers")) {
    return headerValues(facts, insideBrackets(field.slice("request.headers".length)) ?? "");
  }
  if (field.startsWith("request.auth.claims")) {
    return claimValues(facts, parseClaimPath(field.slice("request.auth.claims".length)) ?? []);
  }
  return [];
}

/** `source.notIpBlocks` → `source.ipBlocks`. */
export function positive(field: string): string {
  const negated = /^(source|operation)\.not([A-Z])(.*)$/.exec(field);
  if (negated === null) return field;
  const [, part = "", first = "", rest = ""] = negated;
  return `${part}.${first.toLowerCase()}${rest}`;
}

function present(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}

function requestPrincipal(issuer: JsonValue | undefined, subject: JsonValue | undefined): readonly string[] {
  return [`iss ${textOf(issuer)}, sub ${textOf(subject)}`];
}

function claimValues(facts: Facts, path: readonly string[]): readonly string[] {
  const value = facts.payload === undefined ? undefined : claimAt(facts.payload, path);
  if (value === undefined) return [];
  return isList(value) ? value.map(textOf) : [textOf(value)];
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** What is no string never matches; its JSON shows why. */
function textOf(value: JsonValue | undefined): string {
  if (value === undefined) return "(none)";
  return typeof value === "string" ? value : `${JSON.stringify(value)} (not a string)`;
}

function headerValues(facts: Facts, name: string): readonly string[] {
  const lowerCase = asciiLowerCase(name);
  const values: string[] = [];
  headerMatches(facts, lowerCase, (value) => {
    values.push(isSecretHeader(lowerCase) ? MASKED : value);
    return false;
  });
  return values;
}
