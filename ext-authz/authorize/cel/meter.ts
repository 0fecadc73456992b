/**
 * In: a syntax tree. Out: the same tree, in which every turn of a loop and every operand of a function is paid for before
 * it is worked on (`budget.ts`). Pure.
 */
import { APPEND, PAY, PAY_MATCH, TURN } from "./budget.ts";
import { patternWeight } from "./pattern.ts";
import { type Expr, listAppend, partsOf } from "./syntax.ts";

/** Operators that look at no more than a boolean, or at one member of their operands. */
const FREE: ReadonlySet<string> = new Set(["_&&_", "_||_", "!_", "_?_:_", "@not_strictly_false", "_[_]"]);

export function metered(expr: Expr): Expr {
  const { exprKind } = expr;
  switch (exprKind.case) {
    case "callExpr":
      return meteredCall(expr, exprKind.value);
    case "selectExpr": {
      const { value } = exprKind;
      const operand = value.operand === undefined ? {} : { operand: metered(value.operand) };
      return { ...expr, exprKind: { case: "selectExpr", value: { ...value, ...operand } } };
    }
    case "listExpr": {
      const elements = exprKind.value.elements.map(metered);
      return { ...expr, exprKind: { case: "listExpr", value: { ...exprKind.value, elements } } };
    }
    case "structExpr":
      return meteredMap(expr, exprKind.value);
    case "comprehensionExpr":
      return meteredLoop(expr, exprKind.value);
    default:
      return expr;
  }
}

type ValueOf<C extends Expr["exprKind"]["case"]> = Extract<Expr["exprKind"], { case: C }>["value"];

function meteredCall(expr: Expr, value: NonNullable<ValueOf<"callExpr">>): Expr {
  const appended = listAppend(expr);
  if (appended !== undefined) return call(expr, APPEND, appended.map(metered));
  if (value.function === "matches" && value.target !== undefined) {
    const text = call(expr, PAY_MATCH, [metered(value.target), integer(expr, patternWeight(value.args[0]))]);
    return { ...expr, exprKind: { case: "callExpr", value: { ...value, target: text } } };
  }
  const operand = FREE.has(value.function) ? metered : paid;
  const target = value.target === undefined ? {} : { target: operand(value.target) };
  return { ...expr, exprKind: { case: "callExpr", value: { ...value, ...target, args: value.args.map(operand) } } };
}

function meteredMap(expr: Expr, value: NonNullable<ValueOf<"structExpr">>): Expr {
  const entries = value.entries.map((entry) => ({
    ...entry,
    ...(entry.keyKind.case === "mapKey"
      ? { keyKind: { case: "mapKey" as const, value: metered(entry.keyKind.value) } }
      : {}),
    ...(entry.value === undefined ? {} : { value: metered(entry.value) }),
  }));
  return { ...expr, exprKind: { case: "structExpr", value: { ...value, entries } } };
}

function meteredLoop(expr: Expr, value: NonNullable<ValueOf<"comprehensionExpr">>): Expr {
  const { iterRange, loopCondition, loopStep, accuInit, result } = value;
  const whole = {
    ...value,
    ...(iterRange === undefined ? {} : { iterRange: paid(iterRange) }),
    ...(accuInit === undefined ? {} : { accuInit: metered(accuInit) }),
    ...(loopStep === undefined ? {} : { loopStep: metered(loopStep) }),
    ...(result === undefined ? {} : { result: metered(result) }),
    ...(loopCondition === undefined
      ? {}
      : { loopCondition: call(loopCondition, "_&&_", [turn(loopCondition, loopStep), metered(loopCondition)]) }),
  };
  return { ...expr, exprKind: { case: "comprehensionExpr", value: whole } };
}

/** A long body costs more than a short one. */
function turn(at: Expr, body: Expr | undefined): Expr {
  return call(at, TURN, [integer(at, body === undefined ? 0 : partsOf(body))]);
}

/** Constants are bounded by the length of the expression. */
function paid(expr: Expr): Expr {
  return expr.exprKind.case === "constExpr" ? expr : call(expr, PAY, [metered(expr)]);
}

function call(at: Expr, name: string, args: Expr[]): Expr {
  return {
    $typeName: "cel.expr.Expr",
    id: at.id,
    exprKind: { case: "callExpr", value: { $typeName: "cel.expr.Expr.Call", function: name, args } },
  };
}

function integer(at: Expr, value: number): Expr {
  const constantKind = { case: "int64Value" as const, value: BigInt(value) };
  return {
    $typeName: "cel.expr.Expr",
    id: at.id,
    exprKind: { case: "constExpr", value: { $typeName: "cel.expr.Constant", constantKind } },
  };
}
