/**
 * Where a rule looks for tokens, and the tokens found there (istio-semantics §3.3; Envoy's extractor.cc). In: a jwtRule at
 * load time, a request later. Out: locations; token texts in collection order: headers, parameters, cookies. Pure.
 */
import type { RequestModel } from "../model.ts";
import { headerValues } from "../request/inline-headers.ts";
import type { JwtRule } from "../resources/resource.ts";
import { cookieValue } from "./cookies.ts";
import { queryParameter } from "./query-parameters.ts";

export type Location =
  | { readonly kind: "header"; readonly name: string; readonly prefix: string }
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "cookie"; readonly name: string };

/** Sorted as Envoy's maps are: headers by name and prefix run together, the others by name; each once. */
export function compileLocations(rule: JwtRule): readonly Location[] {
  const headers = new Map<string, Location>();
  const isDefault = rule.fromHeaders.length + rule.fromParams.length + rule.fromCookies.length === 0;
  for (const { name, prefix } of isDefault ? [{ name: "authorization", prefix: "Bearer " }] : rule.fromHeaders) {
    const key = name.toLowerCase() + prefix;
    if (!headers.has(key)) headers.set(key, { kind: "header", name: name.toLowerCase(), prefix });
  }
  const params = isDefault ? ["access_token"] : rule.fromParams;
  return [
    ...[...headers.keys()].sort().flatMap((key) => headers.get(key) ?? []),
    ...sortedOnce(params).map((name) => ({ kind: "parameter", name }) as const),
    ...sortedOnce(rule.fromCookies).map((name) => ({ kind: "cookie", name }) as const),
  ];
}

function sortedOnce(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

/** All token texts at one location; empty = no token there. An empty text is a token, a malformed one. */
export function tokensAt(location: Location, request: RequestModel): readonly string[] {
  switch (location.kind) {
    case "header": {
      let tokens: string[] | undefined;
      for (const value of headerValues(request.headers, location.name)) {
        const token = afterPrefix(value, location.prefix);
        if (token === undefined) continue;
        // Nearly always there is one: a list that begins empty would make room for many.
        if (tokens === undefined) tokens = [token];
        else tokens.push(token);
      }
      return tokens ?? NONE;
    }
    case "parameter": {
      const parameter = queryParameter(request.query, location.name);
      return parameter === undefined ? NONE : [parameter.value];
    }
    case "cookie": {
      const value = cookieValue(request.headers.get("cookie") ?? [], location.name);
      return value === undefined ? NONE : [value];
    }
  }
}

const NONE: readonly string[] = [];

const TOKEN_START = /[A-Za-z0-9\-_.]/g;

/** The prefix may stand anywhere; what no token can begin with is skipped; the rest is the token to its last character. */
function afterPrefix(value: string, prefix: string): string | undefined {
  if (prefix === "") return value;
  const at = value.indexOf(prefix);
  if (at < 0) return undefined;
  TOKEN_START.lastIndex = at + prefix.length;
  const start = TOKEN_START.exec(value);
  return start === null ? value : value.slice(start.index);
}
