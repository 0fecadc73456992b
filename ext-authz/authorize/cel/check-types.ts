/**
 * In: a syntax tree. Out: a report of every place where its types cannot fit. Pure, at load; nothing is evaluated.
 * Claims and metadata are `dyn`: what they hold is known only when a request is there, and a wrong guess fails closed then.
 * Source: cel-spec "Gradual type checking"; the library's own checker knows constants and names only.
 */
import { CelScalar, listType, mapType } from "@bufbuild/cel";
import { checkCall } from "./check-call.ts";
import { BOOL, DYN, describe, fits, isDyn, isRecord, joined, keyTypeOf } from "./shape.ts";
import type { Expr, ReportExpr } from "./syntax.ts";
import { type Shape, VOCABULARY } from "./vocabulary.ts";

/** Loop variables in sight, innermost last. */
export type Scope = ReadonlyMap<string, Shape>;
export type ShapeOf = (expr: Expr, scope: Scope) => Shape;

export function checkTypes(root: Expr, report: ReportExpr): void {
  const shapeOf: ShapeOf = (expr, scope) => checked(expr, scope, shapeOf, report);
  const shape = shapeOf(root, new Map());
  if (!fits(shape, BOOL)) report(root, `the expression is ${describe(shape)}, not a bool`);
}

const TYPE_NAMES = ["int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type"];

function checked(expr: Expr, scope: Scope, shapeOf: ShapeOf, report: ReportExpr): Shape {
  const { exprKind } = expr;
  switch (exprKind.case) {
    case "constExpr":
      return constantShape(expr);
    case "identExpr": {
      const { name } = exprKind.value;
      const known = scope.get(name) ?? VOCABULARY.get(name);
      if (known !== undefined) return known;
      if (TYPE_NAMES.includes(name)) return CelScalar.TYPE;
      report(expr, `unknown name \`${name}\`; known: ${[...VOCABULARY.keys()].join(", ")}`);
      return DYN;
    }
    case "selectExpr": {
      const { operand, field, testOnly } = exprKind.value;
      if (operand === undefined) return DYN;
      const member = memberShape(expr, shapeOf(operand, scope), field, report);
      return testOnly ? BOOL : member;
    }
    case "callExpr":
      return checkCall(expr, scope, shapeOf, report);
    case "listExpr":
      return listType(valueType(exprKind.value.elements.map((element) => shapeOf(element, scope))));
    case "structExpr":
      return mapShape(expr, scope, shapeOf, report);
    case "comprehensionExpr":
      return loopShape(expr, scope, shapeOf, report);
    default:
      report(expr, "is no expression");
      return DYN;
  }
}

function constantShape({ exprKind }: Expr): Shape {
  switch (exprKind.case === "constExpr" ? exprKind.value.constantKind.case : undefined) {
    case "boolValue":
      return BOOL;
    case "int64Value":
      return CelScalar.INT;
    case "uint64Value":
      return CelScalar.UINT;
    case "doubleValue":
      return CelScalar.DOUBLE;
    case "stringValue":
      return CelScalar.STRING;
    case "bytesValue":
      return CelScalar.BYTES;
    case "nullValue":
      return CelScalar.NULL;
    default:
      return DYN;
  }
}

function memberShape(expr: Expr, operand: Shape, field: string, report: ReportExpr): Shape {
  if (isRecord(operand)) {
    const member = operand.members.get(field);
    if (member !== undefined) return member;
    report(expr, `unknown attribute \`${operand.name}.${field}\`; known: ${[...operand.members.keys()].join(", ")}`);
    return DYN;
  }
  if (operand.kind === "map" && fits(CelScalar.STRING, operand.key)) return operand.value;
  if (!isDyn(operand)) report(expr, `${describe(operand)} has no member \`${field}\``);
  return DYN;
}

function mapShape(expr: Expr, scope: Scope, shapeOf: ShapeOf, report: ReportExpr): Shape {
  if (expr.exprKind.case !== "structExpr") return DYN;
  const { messageName, entries } = expr.exprKind.value;
  if (messageName !== "") report(expr, `messages such as \`${messageName}\` cannot be made here`);
  const keys: Shape[] = [];
  const values: Shape[] = [];
  for (const { keyKind, value } of entries) {
    if (keyKind.case === "mapKey") keys.push(shapeOf(keyKind.value, scope));
    if (value !== undefined) values.push(shapeOf(value, scope));
  }
  return mapType(keyTypeOf(joined(keys)), valueType(values));
}

function valueType(shapes: readonly Shape[]) {
  const shape = joined(shapes);
  return isRecord(shape) ? DYN : shape;
}

function loopShape(expr: Expr, scope: Scope, shapeOf: ShapeOf, report: ReportExpr): Shape {
  if (expr.exprKind.case !== "comprehensionExpr") return DYN;
  const { iterRange, iterVar, accuVar, accuInit, loopCondition, loopStep, result } = expr.exprKind.value;
  const range = iterRange === undefined ? DYN : shapeOf(iterRange, scope);
  if (VOCABULARY.has(iterVar)) report(expr, `the loop variable \`${iterVar}\` hides an attribute`);
  const inside = new Map(scope);
  inside.set(accuVar, accuInit === undefined ? DYN : shapeOf(accuInit, scope));
  const outside = new Map(inside);
  inside.set(iterVar, elementShape(expr, range, report));
  const condition = loopCondition === undefined ? BOOL : shapeOf(loopCondition, inside);
  if (!fits(condition, BOOL)) report(expr, "the condition of the loop is no bool");
  if (loopStep !== undefined) shapeOf(loopStep, inside);
  return result === undefined ? DYN : shapeOf(result, outside);
}

function elementShape(expr: Expr, range: Shape, report: ReportExpr): Shape {
  if (range.kind === "list") return range.element;
  if (range.kind === "map") return range.key;
  if (!isDyn(range)) report(expr, `${describe(range)} cannot be looped over`);
  return DYN;
}
