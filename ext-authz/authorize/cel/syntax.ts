/**
 * The syntax tree that the parser gives, and its bounds. In: a tree. Out: its children, its place in the text, whether it
 * is small enough to be checked and planned. Pure. Loops inside loops multiply: their nesting is bounded apart.
 */
import type { parse } from "@bufbuild/cel";

type Parsed = ReturnType<typeof parse>;
export type Expr = Parsed["expr"];

/** Takes one finding about a part of the expression. */
export type ReportExpr = (expr: Expr, message: string) => void;

const MAX_NODES = 2000;
const MAX_DEPTH = 100;
const MAX_LOOPS = 16;
const MAX_LOOP_DEPTH = 3;

/** Sub-expressions in order of evaluation; a part that is missing is left out. */
export function childrenOf({ exprKind }: Expr): readonly Expr[] {
  const present = (...parts: (Expr | undefined)[]) => parts.filter((part) => part !== undefined);
  switch (exprKind.case) {
    case "callExpr":
      return present(exprKind.value.target, ...exprKind.value.args);
    case "selectExpr":
      return present(exprKind.value.operand);
    case "listExpr":
      return exprKind.value.elements;
    case "structExpr":
      return exprKind.value.entries.flatMap(({ keyKind, value }) =>
        present(keyKind.case === "mapKey" ? keyKind.value : undefined, value),
      );
    case "comprehensionExpr": {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return present(iterRange, accuInit, loopCondition, loopStep, result);
    }
    default:
      return [];
  }
}

export function partsOf(expr: Expr): number {
  return childrenOf(expr).reduce((parts, child) => parts + partsOf(child), 1);
}

/** @returns false when the tree is too large to go on with */
export function checkSize(root: Expr, report: ReportExpr): boolean {
  let nodes = 0;
  let loops = 0;
  const walk = (expr: Expr, depth: number, loopDepth: number): string | undefined => {
    if (++nodes > MAX_NODES) return `has more than ${MAX_NODES} parts`;
    if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`;
    const isLoop = expr.exprKind.case === "comprehensionExpr";
    if (isLoop && ++loops > MAX_LOOPS) return `has more than ${MAX_LOOPS} loops`;
    if (isLoop && loopDepth >= MAX_LOOP_DEPTH) return `has loops nested deeper than ${MAX_LOOP_DEPTH}`;
    for (const child of childrenOf(expr)) {
      const problem = walk(child, depth + 1, loopDepth + (isLoop ? 1 : 0));
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
  const problem = walk(root, 1, 0);
  if (problem !== undefined) report(root, problem);
  return problem === undefined;
}

/** Characters before the sub-expression; undefined when the parser did not keep it. */
export function offsetOf(source: Parsed["sourceInfo"], expr: Expr): number | undefined {
  return source?.positions[String(expr.id)];
}

/** The parser's name for what a loop gathers; no identifier of an expression can be this. */
const RESULT = "@result";

/** `@result + [x]`, the step of `map` and `filter`. @returns the list and the element */
export function listAppend({ exprKind }: Expr): readonly [list: Expr, element: Expr] | undefined {
  if (exprKind.case !== "callExpr" || exprKind.value.function !== "_+_") return undefined;
  const [list, added] = exprKind.value.args;
  if (list?.exprKind.case !== "identExpr" || list.exprKind.value.name !== RESULT) return undefined;
  if (added?.exprKind.case !== "listExpr") return undefined;
  const [element, ...more] = added.exprKind.value.elements;
  return element === undefined || more.length > 0 ? undefined : [list, element];
}
