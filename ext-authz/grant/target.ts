/**
 * Which request targets a grant may stand for: only those that no two readers read differently, so that the path in the
 * guard's hands is the path that policies see. In: a target as sent. Out: its path, or undefined. Pure. The guard holds
 * requests to the same rule (docs/grants.md, "Eligible"); what is not eligible is asked every time.
 */

/** Bytes, query included. */
export const MAX_TARGET = 2048;

const PATH = /^\/[A-Za-z0-9\-_~!$&'()*+,:=@/.]*$/;
const QUERY = /^[\x21\x22\x24-\x7e]*$/;
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/;
const NOT_ELIGIBLE = /[^A-Za-z0-9\-_~!$&'()*+,:=@/.]/;

export function eligiblePath(target: string): string | undefined {
  if (target.length > MAX_TARGET) return undefined;
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  if (!PATH.test(path) || path.includes("//")) return undefined;
  if (path.includes("/.") && DOT_SEGMENT.test(path)) return undefined;
  return mark < 0 || QUERY.test(target.slice(mark + 1)) ? path : undefined;
}

/** Whether an eligible path could hold this text. A pattern that could not be there matches no path that is granted. */
export function canStandInPath(text: string): boolean {
  return !NOT_ELIGIBLE.test(text) && !text.includes("//");
}
