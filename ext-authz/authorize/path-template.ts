/**
 * In: a path of a policy with `{*}` (one segment) or `{**}` (any number). Out: a linear test for request paths. Pure.
 * The language is Envoy's URI template as Istio admits it: an operator is a whole segment and nothing follows `{**}` but
 * literals. So each part has one place where it can stand, and matching never goes back.
 */
import type { TextTest } from "./string-pattern.ts";

const ONE = "{*}";
const ANY = "{**}";
const SLASH = 0x2f;
/** What a literal segment may hold (RFC 3986 pchar without `*`). */
const LITERAL = /^[A-Za-z0-9\-._~%!$&'()+,;:@=]+$/;

/** What an operator matches besides `/`: Envoy's set is the literal's and `*`. Any other byte escapes every template. */
const OPERAND = new Uint8Array(128);
for (const char of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%!$&'()+,;:@=*") {
  OPERAND[char.charCodeAt(0)] = 1;
}

export function isPathTemplate(path: string): boolean {
  return path.includes(ONE) || path.includes(ANY);
}

/**
 * What is wrong with a policy's path, template or not; undefined when it is fine.
 * Source: Istio's `CheckValidPathTemplate`, and two forms more that Istio admits and Envoy 1.40 dies of or cannot mean:
 * a template without leading `/`, and empty segments.
 */
export function pathProblem(path: string): string | undefined {
  const template = isPathTemplate(path);
  if (template && !path.startsWith("/")) return "a path template must start with `/`";
  const segments = path.split("/");
  if (template) segments.shift();
  if (template && segments[segments.length - 1] === "") segments.pop();
  let last = false;
  for (const segment of segments) {
    if (segment === ONE || segment === ANY) {
      if (last) return "`{**}` must be the last operator of a path template";
      last = segment === ANY;
    } else if (segment.includes("{") || segment.includes("}")) {
      return "braces are only allowed as `{*}` or `{**}`, each a whole segment";
    } else if (template && segment === "") {
      return "a path template must not have empty segments";
    } else if (template && !LITERAL.test(segment)) {
      return `the segment \`${segment}\` has a character that a path template does not allow`;
    }
  }
  return undefined;
}

/** @param template one for which `pathProblem` found nothing */
export function templateTest(template: string): TextTest {
  const open = template.indexOf(ANY);
  const head = open < 0 ? template : template.slice(0, open);
  const tail = open < 0 ? undefined : template.slice(open + ANY.length);
  const literals = head.split(ONE);
  return (path) => {
    let at = 0;
    for (let i = 0; i < literals.length; i++) {
      const literal = literals[i] ?? "";
      if (i > 0) {
        const end = operandEnd(path, at, path.length, false);
        if (end === at) return false;
        at = end;
      }
      if (!path.startsWith(literal, at)) return false;
      at += literal.length;
    }
    if (tail === undefined) return at === path.length;
    const end = path.length - tail.length;
    return end >= at && path.endsWith(tail) && operandEnd(path, at, end, true) === end;
  };
}

/** Index after the run of allowed characters that begins at `from`, at most `to`. */
function operandEnd(path: string, from: number, to: number, slashes: boolean): number {
  let at = from;
  while (at < to) {
    const code = path.charCodeAt(at);
    if (OPERAND[code] !== 1 && !(slashes && code === SLASH)) break;
    at++;
  }
  return at;
}
