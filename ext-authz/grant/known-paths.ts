/**
 * What grants need and which class they are for, by plan and path: the same few paths are asked for again and again. In: a plan,
 * an eligible path. Out: what `needsOf` and `pathClass` say. Pure but for a memory, bounded: when it is full it begins anew, so
 * that clients who never ask for a path twice cost a copy of it and no more.
 */
import { pathClass } from "./path-class.ts";
import { type GrantPlan, type Needs, needsOf } from "./plan.ts";

export interface PathGrants {
  readonly needs: Needs;
  /** Terms, the first being the path or its prefix. */
  readonly terms: readonly string[];
}

interface Known extends PathGrants {
  /** Not held: a path that nobody asks for again must not keep all policies of an old load. */
  readonly plan: WeakRef<GrantPlan>;
}

/** With paths of this length, and classes of a few terms: half a megabyte. */
const MAX_PATHS = 512;
/** Characters. */
const MAX_LENGTH = 256;

const known = new Map<string, Known>();

export function grantsOf(plan: GrantPlan, path: string): PathGrants {
  const found = known.get(path);
  if (found !== undefined && found.plan.deref() === plan) return found;
  if (path.length > MAX_LENGTH) return findGrants(plan, path);
  if (known.size >= MAX_PATHS) known.clear();
  // A copy, also in the terms: a slice of a message would keep all of it.
  const copy = Buffer.from(path, "latin1").toString("latin1");
  const { needs, terms } = findGrants(plan, copy);
  const fresh = { plan: new WeakRef(plan), needs, terms };
  known.set(copy, fresh);
  return fresh;
}

function findGrants(plan: GrantPlan, path: string): PathGrants {
  return {
    needs: needsOf(plan, path),
    terms: plan.paths === undefined ? [`=${path}`] : pathClass(plan.paths, path),
  };
}
