/**
 * Where one path template gives the same answer as for a given path. In: a template that begins as the path does, an eligible
 * path. Out: what all members of a region must share for that; or that only the path itself will do. Pure. The template is
 * read from left to right and never goes back (`authorize/path-template.ts`), so what refused a path early refuses every
 * path that begins so. An eligible path has no character that ends an operator, but the slash.
 */

/** All may be said of the members together. */
export type TemplateRegion =
  | { readonly by: "start" /** Characters of the path that all members begin with. */; readonly length: number }
  | { readonly by: "both"; readonly length: number /** What all members end with. */; readonly end: string }
  | { readonly by: "no_end" /** What no member ends with. */; readonly end: string }
  | { readonly by: "path" };

const ONE = "{*}";
const ANY = "{**}";

export interface Template {
  /** What every path that it matches begins with; at least `/`. */
  readonly head: string;
  /** Between `{*}` operators. */
  readonly literals: readonly string[];
  /** After `{**}`; undefined without it. */
  readonly tail: string | undefined;
  /** What every path that it matches ends with; "" = anything. */
  readonly end: string;
}

export function readTemplate(text: string): Template {
  const open = text.indexOf(ANY);
  const literals = (open < 0 ? text : text.slice(0, open)).split(ONE);
  const tail = open < 0 ? undefined : text.slice(open + ANY.length);
  return { head: literals[0] ?? "", literals, tail, end: tail ?? literals[literals.length - 1] ?? "" };
}

const PATH_ONLY: TemplateRegion = { by: "path" };

export function templateRegion({ literals, tail, end }: Template, path: string): TemplateRegion {
  if (!path.endsWith(end)) return { by: "no_end", end };
  let at = 0;
  for (const [index, literal] of literals.entries()) {
    if (index > 0) {
      const slash = path.indexOf("/", at);
      const next = slash < 0 ? path.length : slash;
      if (next === at) return at < path.length ? { by: "start", length: at + 1 } : PATH_ONLY;
      at = next;
    }
    const agreed = agreement(path, at, literal);
    if (agreed < literal.length) {
      return at + agreed < path.length ? { by: "start", length: at + agreed + 1 } : PATH_ONLY;
    }
    at += agreed;
  }
  if (tail === undefined) return at < path.length ? { by: "start", length: at + 1 } : PATH_ONLY;
  // The start leaves room for the tail, so that the two never overlap in a shorter member.
  return path.length - tail.length >= at ? { by: "both", length: at + tail.length, end: tail } : PATH_ONLY;
}

function agreement(path: string, from: number, literal: string): number {
  let length = 0;
  while (length < literal.length && path[from + length] === literal[length]) length++;
  return length;
}
