/**
 * In: the pattern of a `matches` call. Out: what is wrong with it; undefined = fine. Pure, at load.
 * RE2 runs in time linear in the text, but also in the size of its program, and counted repeats multiply that:
 * `(.{1000}){1000}` is fifteen characters long. So a pattern is a constant of the policy, never of the request, it is
 * short, and its repeats are few.
 */
import { celEnv, isCelError, parse, plan } from "@bufbuild/cel";
import type { Expr } from "./syntax.ts";

/** Length times repeats: about the size of the program, and so the steps for each character of text. */
const MAX_WEIGHT = 1024;

export function patternProblem(pattern: Expr | undefined): string | undefined {
  const text = constantText(pattern);
  if (text === undefined) return "the pattern of `matches` must be a constant text";
  if (weightOf(text) > MAX_WEIGHT)
    return `the pattern is too heavy: length times counted repeats is over ${MAX_WEIGHT}`;
  return syntaxProblem(text);
}

/** Units for each 16 characters of text. */
export function patternWeight(pattern: Expr | undefined): number {
  const text = constantText(pattern);
  return text === undefined ? MAX_WEIGHT : weightOf(text);
}

function constantText(expr: Expr | undefined): string | undefined {
  const constant = expr?.exprKind.case === "constExpr" ? expr.exprKind.value.constantKind : undefined;
  return constant?.case === "stringValue" ? constant.value : undefined;
}

function weightOf(text: string): number {
  return text.length * repeatsOf(text);
}

/** The product of the larger bounds of all `{n}`, `{n,}` and `{n,m}`, escaped ones too. */
function repeatsOf(pattern: string): number {
  let product = 1;
  for (const [, low = "", high = ""] of pattern.matchAll(/\{(\d{1,5})(?:,(\d{0,5}))?\}/g)) {
    product *= Math.max(1, Number(low), Number(high));
  }
  return product;
}

const tryPattern = plan(celEnv(), parse("''.matches(pattern)"));

function syntaxProblem(pattern: string): string | undefined {
  const value = tryPattern({ pattern });
  return isCelError(value) ? `the pattern is no RE2 expression: ${value.message.slice(0, 200)}` : undefined;
}
