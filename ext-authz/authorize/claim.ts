/**
 * In: the bracketed part of a `request.auth.claims[..]` key, and a JSON value. Out: the path of claim names, and whether
 * a value matches. Pure. Names are literal and looked up as own properties only: a claim may be called `__proto__`.
 */
import type { JsonObject, JsonValue } from "../model.ts";
import type { TextTest } from "./string-pattern.ts";

/**
 * `[a][b]` → a, b. Text that is no clean row of groups but is in brackets is one literal name: `[[x]]` → `[x]`.
 * @returns undefined when the text is not in brackets or names nothing
 */
export function parseClaimPath(text: string): readonly string[] | undefined {
  const path: string[] = [];
  let at = 0;
  while (at < text.length) {
    const close = text.indexOf("]", at);
    const name = close < 0 ? "[" : text.slice(at + 1, close);
    if (text[at] !== "[" || name.includes("[")) {
      const inner = insideBrackets(text);
      return inner === undefined ? undefined : [inner];
    }
    path.push(name);
    at = close + 1;
  }
  return path.length === 0 ? undefined : path;
}

/** `[x]` → x; undefined without both brackets. */
export function insideBrackets(text: string): string | undefined {
  return text.length >= 2 && text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : undefined;
}

/** Walks objects only: a list on the way ends the walk. */
export function claimAt(payload: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue = payload;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    const next: JsonValue | undefined = value[name];
    if (next === undefined) return undefined;
    value = next;
  }
  return value;
}

/** A string that matches, or a list with a string that does. Numbers, booleans, objects and nested lists never match. */
export function stringOrListMatches(value: JsonValue | undefined, test: TextTest): boolean {
  if (typeof value === "string") return test(value);
  return listMatches(value, test);
}

export function listMatches(value: JsonValue | undefined, test: TextTest): boolean {
  return isList(value) && value.some((item) => typeof item === "string" && test(item));
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
