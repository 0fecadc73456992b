/**
 * What an authorization server says of a token (RFC 7662 §2.2). In: the body of its answer. Out: not active, or the token's
 * claims with their types checked; or a word on why that is no answer. Pure. `active` is a boolean and nothing that looks
 * like one: a server whose answers cannot be read is an outage, never a yes.
 */
import type { JsonObject, JsonValue } from "../../model.ts";
import { err, ok, type Result } from "../../result.ts";
import { member, parseStrictObject } from "../strict-json.ts";

export type IntrospectionAnswer =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly claims: JsonObject;
      /** Seconds since the epoch; 0 = not said. */
      readonly notBefore: number;
      readonly expiresAt: number | undefined;
      readonly audiences: readonly string[];
    };

export function readIntrospectionAnswer(body: string, maxDepth: number): Result<IntrospectionAnswer, string> {
  const claims = parseStrictObject(body, maxDepth);
  if (claims === undefined) return err("the answer is no JSON object");
  const active = member(claims, "active");
  if (active === false) return ok({ active });
  if (active !== true) return err("active is no boolean");
  for (const name of ["iss", "sub", "jti", "sid", "scope", "client_id", "token_type", "token_use", "typ"]) {
    const value = member(claims, name);
    if (value !== undefined && typeof value !== "string") return err(`${name} is no string`);
  }
  for (const name of ["exp", "nbf", "iat"]) {
    if (!isTime(member(claims, name))) return err(`${name} is no time`);
  }
  const audiences = readAudiences(member(claims, "aud"));
  if (audiences === undefined) return err("aud is neither a string nor a list of strings");
  const notBefore = readTime(claims, "nbf") ?? 0;
  return ok({ active, claims, notBefore, expiresAt: readTime(claims, "exp"), audiences });
}

function isTime(value: JsonValue | undefined): boolean {
  return value === undefined || (typeof value === "number" && value >= 0 && value < 2 ** 53);
}

function readTime(claims: JsonObject, name: string): number | undefined {
  const value = member(claims, name);
  return typeof value === "number" ? Math.trunc(value) : undefined;
}

function readAudiences(value: JsonValue | undefined): readonly string[] | undefined {
  if (value === undefined) return [];
  if (typeof value === "string") return [value];
  if (!Array.isArray(value)) return undefined;
  const audiences = value.filter((entry) => typeof entry === "string");
  return audiences.length === value.length ? audiences : undefined;
}
