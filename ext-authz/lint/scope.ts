/** Whom resources speak of: whether two can meet on one workload, and whether one speaks of all that the other does. Pure. */
import type { Target } from "../resources/resource.ts";

export interface Scoped {
  readonly namespace: string;
  readonly target: Target;
}

/** Some workload could be selected by both. */
export function canMeet(a: Scoped, b: Scoped, rootNamespace: string): boolean {
  if (a.namespace !== b.namespace && a.namespace !== rootNamespace && b.namespace !== rootNamespace) return false;
  if (a.target.targetRefs.length > 0 && b.target.targetRefs.length > 0) return refsOf(a) === refsOf(b);
  for (const [key, value] of a.target.matchLabels) {
    const other = b.target.matchLabels.get(key);
    if (other !== undefined && other !== value) return false;
  }
  return true;
}

/** Every workload that `inner` speaks of is spoken of by `outer`. */
export function encloses(outer: Scoped, inner: Scoped, rootNamespace: string): boolean {
  if (outer.namespace !== inner.namespace && outer.namespace !== rootNamespace) return false;
  if (refsOf(outer) !== refsOf(inner)) return false;
  for (const [key, value] of outer.target.matchLabels) if (inner.target.matchLabels.get(key) !== value) return false;
  return true;
}

function refsOf({ target }: Scoped): string {
  return JSON.stringify(target.targetRefs.map(({ group, kind, name }) => `${group}/${kind}/${name}`).sort());
}
