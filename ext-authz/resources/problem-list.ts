/** Collects problems within bounds: a hostile file must not fill the memory or the terminal with its complaints. Pure. */
import type { Problem } from "./resource.ts";

const MAX_OF_A_SEVERITY = 1000;
const MAX_TEXT = 500;

/** Errors and warnings are bounded apart: any number of warnings still leaves room for the error that matters. */
export function problemList(): { readonly add: (problem: Problem) => void; readonly all: readonly Problem[] } {
  const all: Problem[] = [];
  const counts = { error: 0, warning: 0 };
  const add = (problem: Problem): void => {
    if (++counts[problem.severity] > MAX_OF_A_SEVERITY) return;
    const { hint } = problem;
    all.push({
      ...problem,
      path: cut(problem.path),
      message: cut(problem.message),
      ...(hint === undefined ? {} : { hint: cut(hint) }),
    });
  };
  return { add, all };
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
