/**
 * For a refusal: the rule that came nearest to allowing, and what the request lacks for it. In: the traces of all policies.
 * Out: one rule and its missing clauses, or nothing when no ALLOW rule could ever match. Pure.
 * Near is first the right operation, then the fewest clauses: a rule for this path that wants another role tells more
 * than a rule for this role on another path.
 */
import type { ClauseTrace, PolicyTrace, RuleTrace } from "./explain.ts";

export interface Nearest {
  readonly policy: string;
  readonly rule: number;
  /** All of them would have to hold. Empty = the rule does match, and something else refuses. */
  readonly missing: readonly ClauseTrace[];
}

interface Distance {
  readonly operation: number;
  readonly total: number;
  readonly missing: readonly ClauseTrace[];
}

export function nearestAllow(traces: readonly PolicyTrace[]): Nearest | undefined {
  let best: { readonly distance: Distance; readonly nearest: Nearest } | undefined;
  for (const trace of traces) {
    if (trace.action !== "ALLOW" || trace.shadow) continue;
    for (const rule of trace.rules) {
      if (rule.dropped !== "") continue;
      const distance = distanceOf(rule);
      if (best !== undefined && !isNearer(distance, best.distance)) continue;
      const policy = `${trace.namespace}/${trace.name}`;
      best = { distance, nearest: { policy, rule: rule.rule, missing: distance.missing } };
    }
  }
  return best?.nearest;
}

function isNearer(a: Distance, b: Distance): boolean {
  return a.operation === b.operation ? a.total < b.total : a.operation < b.operation;
}

function distanceOf(rule: RuleTrace): Distance {
  const operation = fewestFailing(rule.operations);
  const source = fewestFailing(rule.sources);
  const conditions = rule.conditions.filter((clause) => !clause.holds);
  const missing = [...operation, ...source, ...conditions];
  return { operation: operation.length, total: missing.length, missing };
}

function fewestFailing(alternatives: readonly (readonly ClauseTrace[])[]): readonly ClauseTrace[] {
  const failing = alternatives.map((clauses) => clauses.filter((clause) => !clause.holds));
  return failing.reduce((best, next) => (next.length < best.length ? next : best), failing[0] ?? []);
}
