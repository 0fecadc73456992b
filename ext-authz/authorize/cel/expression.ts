/**
 * In: the text of a CEL expression. Out: its compiled form, or every problem in it. Pure, at load.
 * An expression comes from a policy author, who may be another team: its length, nesting and loops are bounded before
 * anything is planned, and what an evaluation may cost is bounded again while it runs (`budget.ts`).
 */
import { isCelError, parse, plan } from "@bufbuild/cel";
import { err, ok, type Result } from "../../result.ts";
import type { CelAttributes } from "./attributes.ts";
import { type Budget, createBudget, EVALUATION_UNITS } from "./budget.ts";
import { checkTypes } from "./check-types.ts";
import { celEnvironment } from "./environment.ts";
import { metered } from "./meter.ts";
import { checkSize, type Expr, offsetOf } from "./syntax.ts";

export interface CelProblem {
  readonly message: string;
  /** Characters from the start of the expression, from 1; 0 = the expression as a whole. */
  readonly column: number;
}

/** A boolean, or why there is none: never throws, never anything but a boolean. */
export type CelExpression = (attributes: CelAttributes) => Result<boolean, string>;

/** Characters. */
export const MAX_EXPRESSION = 4096;

export function compileCel(text: string): Result<CelExpression, readonly CelProblem[]> {
  if (text.length > MAX_EXPRESSION) return whole(`the expression is longer than ${MAX_EXPRESSION} characters`);
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(text);
  } catch (error) {
    return err([syntaxProblem(error)]);
  }
  const problems: CelProblem[] = [];
  const report = (expr: Expr, message: string): void => {
    const offset = offsetOf(parsed.sourceInfo, expr);
    problems.push({ message, column: offset === undefined ? 0 : offset + 1 });
  };
  if (checkSize(parsed.expr, report)) checkTypes(parsed.expr, report);
  if (problems.length > 0) return err(problems);
  return ok(planned(parsed.expr, text));
}

function planned(expr: Expr, text: string): CelExpression {
  const budget: Budget = createBudget();
  const run = plan(celEnvironment(budget), metered(expr));
  return (attributes) => {
    const left = leftOf.get(attributes) ?? REQUEST_UNITS;
    const given = Math.min(EVALUATION_UNITS, left);
    budget.refill(given);
    try {
      const value = run(attributes);
      if (typeof value === "boolean") return ok(value);
      if (isCelError(value))
        return err(budget.isSpent() ? "the expression costs too much" : causeOf(value.message, text));
      return err("the expression gave no boolean");
    } catch {
      return err("the expression could not be evaluated");
    } finally {
      leftOf.set(attributes, left - (given - Math.max(0, budget.left())));
    }
  };
}

/**
 * For all expressions of one request together, whose attributes are one object: hundreds of rules that each stay below
 * their own bound would hold the only thread for seconds. Policies in force run before those in shadow.
 */
const REQUEST_UNITS = 2 * EVALUATION_UNITS;
const leftOf = new WeakMap<object, number>();

/** What the library says may quote a claim: only a member that the policy itself names is passed on. */
function causeOf(message: string, text: string): string {
  const missing = message.startsWith(NOT_FOUND) ? message.slice(NOT_FOUND.length) : "";
  const named = missing !== "" && text.includes(missing);
  return named ? `${missing.slice(0, 200)} is not there` : "the expression could not be evaluated";
}

const NOT_FOUND = "field not found: ";

function whole(message: string): Result<never, readonly CelProblem[]> {
  return err([{ message, column: 0 }]);
}

function syntaxProblem(error: unknown): CelProblem {
  if (!(error instanceof Error)) return { message: "cannot be parsed", column: 0 };
  if (error instanceof RangeError) return { message: "is nested too deeply", column: 0 };
  const place = /^<input>:(\d{1,6}):(\d{1,6}): (.*)$/s.exec(error.message);
  const line = Number(place?.[1] ?? 1);
  const message = place?.[3] ?? error.message;
  return { message: line > 1 ? `${message} (line ${line} of it)` : message, column: Number(place?.[2] ?? 0) };
}
