/**
 * In: what a Rego rule gave. Out: the decision in it, or why there is none. Pure.
 * Source: opa-envoy-plugin "Output Document": a boolean, or an object whose `allowed` is one. Headers, status and body
 * of the object form are not used: what is answered to clients is the same for all policies.
 */
import { err, ok, type Result } from "../../result.ts";

/** @param value undefined when the rule has no value for this input */
export function readAnswer(value: unknown): Result<boolean, string> {
  if (value === undefined) return err("the rule is undefined for this request");
  if (typeof value === "boolean") return ok(value);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return err("the rule gave no boolean");
  const allowed: unknown = Object.getOwnPropertyDescriptor(value, "allowed")?.value;
  return typeof allowed === "boolean" ? ok(allowed) : err("the rule gave an object without a boolean `allowed`");
}
