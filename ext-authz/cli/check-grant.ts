/** What `check --explain-grant` adds, as lines for a terminal. Pure. */
import type { GrantExplanation } from "../grant/explain.ts";

export function grantLines({ granted, outcome, why, milliseconds, path, inputs }: GrantExplanation): readonly string[] {
  const head = granted
    ? [`grant     ${milliseconds} ms, for equal route, method and authority`, `          path    ${path.join("  ")}`]
    : [`grant     none: ${outcome} (${why})`];
  const lines = inputs.map(
    ({ input, readBy }) => `          ${granted ? "equal " : ""}${input}  read by ${readBy.join("; ")}`,
  );
  return ["", ...head, ...lines];
}
