/**
 * What a CEL expression may read of a request. In: the text of an expression that compiles. Out: reads. Pure, at load. Every
 * mention of an attribute counts, whether or not its branch is ever taken; a mention that is not understood in full (a whole
 * map of headers, a header name that is computed) is one that no grant can stand for.
 */
import { parse } from "@bufbuild/cel";
import { childrenOf, type Expr } from "../authorize/cel/syntax.ts";
import { VOCABULARY } from "../authorize/cel/vocabulary.ts";
import { CONNECTION, CREDENTIAL, headerRead, KEY, REMOTE_ADDRESS, type Read } from "./read.ts";

/** By the first names of a path of selections; the longest that fits counts. What is not in here cannot be granted. */
const READS: ReadonlyMap<string, readonly Read[]> = new Map([
  ["request.method", KEY],
  ["request.host", KEY],
  ["request.path", ["whole_path"]],
  ["request.url_path", ["whole_path"]],
  ["request.query", ["query"]],
  ["request.scheme", ["scheme"]],
  ["request.id", ["request_id"]],
  ["request.referer", ["header:referer"]],
  ["request.useragent", ["header:user-agent"]],
  ["request.auth", CREDENTIAL],
  ["source", CONNECTION],
  ["remote", REMOTE_ADDRESS],
  // The workload is named by the route's own context_extensions, or by the settings.
  ["destination.namespace", KEY],
  ["destination.workload", KEY],
  ["destination.labels", KEY],
  ["destination", CONNECTION],
  ["connection", CONNECTION],
  ["metadata", ["metadata"]],
] satisfies readonly (readonly [string, readonly Read[]])[]);

const OPAQUE: readonly Read[] = ["opaque_policy"];

/** Some of these may be there several times. */
export function celReads(text: string): readonly Read[] {
  try {
    return readsOf(parse(text).expr);
  } catch {
    return OPAQUE;
  }
}

function readsOf(expr: Expr): readonly Read[] {
  const header = headerOf(expr);
  if (header !== undefined) return [headerRead(header)];
  const path = pathOf(expr);
  if (path !== undefined) return attributeReads(path);
  return childrenOf(expr).flatMap(readsOf);
}

function attributeReads(path: readonly string[]): readonly Read[] {
  for (let length = path.length; length > 0; length--) {
    const reads = READS.get(path.slice(0, length).join("."));
    if (reads !== undefined) return reads;
  }
  return OPAQUE;
}

/** `request.auth.claims` → these names, when the first is an attribute; no loop variable may be called like one. */
function pathOf({ exprKind }: Expr): readonly string[] | undefined {
  if (exprKind.case === "identExpr") return VOCABULARY.has(exprKind.value.name) ? [exprKind.value.name] : undefined;
  if (exprKind.case !== "selectExpr" || exprKind.value.operand === undefined) return undefined;
  const operand = pathOf(exprKind.value.operand);
  return operand === undefined ? undefined : [...operand, exprKind.value.field];
}

/** The one header that is read by `headers["x"]`, `headers.x`, `has(headers.x)` or `"x" in headers`. */
function headerOf({ exprKind }: Expr): string | undefined {
  if (exprKind.case === "selectExpr") {
    const { operand, field } = exprKind.value;
    return operand !== undefined && isHeaderMap(operand) ? field : undefined;
  }
  if (exprKind.case !== "callExpr") return undefined;
  const [first, second] = exprKind.value.args;
  if (first === undefined || second === undefined) return undefined;
  if (exprKind.value.function === "_[_]" && isHeaderMap(first)) return textOf(second);
  if (exprKind.value.function === "@in" && isHeaderMap(second)) return textOf(first);
  return undefined;
}

function isHeaderMap(expr: Expr): boolean {
  const path = pathOf(expr)?.join(".");
  return path === "request.headers" || path === "request.header_values";
}

function textOf({ exprKind }: Expr): string | undefined {
  if (exprKind.case !== "constExpr") return undefined;
  const { constantKind } = exprKind.value;
  return constantKind.case === "stringValue" ? constantKind.value : undefined;
}
