/**
 * In: one call (operators are calls too) and the types in sight. Out: the type of its result, with misfits reported. Pure.
 * Overloads come from the environment itself, so that the checker cannot know a function that the evaluation does not.
 */
import { type CelFunc, CelScalar } from "@bufbuild/cel";
import type { Scope, ShapeOf } from "./check-types.ts";
import { FUNCTIONS } from "./environment.ts";
import { patternProblem } from "./pattern.ts";
import { BOOL, comparable, DYN, describe, fits, isDyn, isRecord, joined } from "./shape.ts";
import type { Expr, ReportExpr } from "./syntax.ts";
import type { Shape } from "./vocabulary.ts";

const LIST_INDEX = CelScalar.INT;

export function checkCall(expr: Expr, scope: Scope, shapeOf: ShapeOf, report: ReportExpr): Shape {
  if (expr.exprKind.case !== "callExpr") return DYN;
  const { function: name, target, args } = expr.exprKind.value;
  const over = target === undefined ? undefined : shapeOf(target, scope);
  const shapes = args.map((arg) => shapeOf(arg, scope));
  const [first = DYN, second = DYN, third = DYN] = shapes;
  switch (name) {
    case "_&&_":
    case "_||_":
    case "!_":
    case "@not_strictly_false":
      for (const shape of shapes)
        if (!fits(shape, BOOL)) report(expr, `${operator(name)} wants a bool, not ${describe(shape)}`);
      return BOOL;
    case "_?_:_":
      if (!fits(first, BOOL)) report(expr, `the condition before \`?\` is ${describe(first)}, not a bool`);
      return joined([second, third]);
    case "_==_":
    case "_!=_":
      if (!comparable(first, second)) report(expr, `${describe(first)} is never equal to ${describe(second)}`);
      return BOOL;
    case "@in":
      return checkIn(expr, first, second, report);
    case "_[_]":
      return checkIndex(expr, args[1], first, second, report);
    case "matches": {
      const problem = patternProblem(args.at(-1));
      if (problem !== undefined) report(expr, problem);
      return resultOf(expr, name, over, shapes, report);
    }
    default:
      return resultOf(expr, name, over, shapes, report);
  }
}

function checkIn(expr: Expr, value: Shape, range: Shape, report: ReportExpr): Shape {
  if (range.kind === "list" && comparable(value, range.element)) return BOOL;
  if (range.kind === "map" && comparable(value, range.key)) return BOOL;
  if (!isDyn(range) || isRecord(value)) report(expr, `${describe(value)} is never in ${describe(range)}`);
  return BOOL;
}

function checkIndex(expr: Expr, key: Expr | undefined, value: Shape, index: Shape, report: ReportExpr): Shape {
  if (value.kind === "list" && comparable(index, LIST_INDEX)) return value.element;
  if (value.kind === "map" && comparable(index, value.key)) {
    if (isHeaderMap(expr)) checkHeaderName(expr, key, report);
    return value.value;
  }
  if (!isDyn(value)) report(expr, `${describe(value)} has no member ${describe(index)}`);
  return DYN;
}

/** `request.headers[…]` and `request.header_values[…]`. */
function isHeaderMap({ exprKind }: Expr): boolean {
  const over = exprKind.case === "callExpr" ? exprKind.value.args[0]?.exprKind : undefined;
  if (over?.case !== "selectExpr" || !["headers", "header_values"].includes(over.value.field)) return false;
  const root = over.value.operand?.exprKind;
  return root?.case === "identExpr" && root.value.name === "request";
}

function checkHeaderName(expr: Expr, key: Expr | undefined, report: ReportExpr): void {
  if (key?.exprKind.case !== "constExpr" || key.exprKind.value.constantKind.case !== "stringValue") return;
  const name = key.exprKind.value.constantKind.value;
  if (/[A-Z]/.test(name)) report(expr, `header names are in lower case here: \`${name}\` is never there`);
}

function resultOf(
  expr: Expr,
  name: string,
  over: Shape | undefined,
  shapes: readonly Shape[],
  report: ReportExpr,
): Shape {
  const known = name.startsWith("@") ? undefined : FUNCTIONS.find(name);
  if (known === undefined) {
    report(expr, `unknown function \`${operator(name)}\``);
    return DYN;
  }
  const overloads = [...known].filter((func) => accepts(func, over, shapes));
  if (overloads.length > 0) return joined(overloads.map((func) => func.result));
  const given = shapes.map(describe).join(", ");
  const on = over === undefined ? "" : ` on ${describe(over)}`;
  report(expr, `\`${operator(name)}\`${on} does not take (${given})`);
  return DYN;
}

function accepts(func: CelFunc, over: Shape | undefined, shapes: readonly Shape[]): boolean {
  if ((over === undefined) !== (func.target === undefined) || func.arguments.length !== shapes.length) return false;
  const isValue = (shape: Shape, wanted: Shape | undefined) =>
    wanted !== undefined && !isRecord(shape) && fits(shape, wanted);
  return (
    (over === undefined || isValue(over, func.target)) &&
    shapes.every((shape, at) => isValue(shape, func.arguments[at]))
  );
}

/** `_+_` → `+`, `@in` → `in`: as it was written. */
function operator(name: string): string {
  if (name.startsWith("@")) return name.slice(1);
  return name.length > 2 && name.includes("_") ? name.replaceAll("_", "") : name;
}
