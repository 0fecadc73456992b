/**
 * What a request header looks like to a filter. Envoy joins the lines of its inline headers with "," before any filter sees
 * them and keeps the lines of all others apart (istio-semantics §17, run on Envoy 1.40). In: the raw lines. Out: the values
 * to look at. Pure.
 */
import type { Headers } from "../model.ts";

const INLINE: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "access-control-request-method",
  "authorization",
  "cache-control",
  "content-type",
  "expect",
  "grpc-timeout",
  "if-match",
  "if-none-match",
  "origin",
  "pragma",
  "referer",
  "te",
  "user-agent",
  "via",
  "x-client-trace-id",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-request-id",
]);

const NONE: readonly string[] = [];

/** `name` in lower case. */
export function headerValues(headers: Headers, name: string): readonly string[] {
  return joinLines(name, headers.get(name)) ?? NONE;
}

/** Of one header; the same list when nothing is to be joined. */
export function joinLines(name: string, lines: readonly string[] | undefined): readonly string[] | undefined {
  return lines !== undefined && lines.length > 1 && INLINE.has(name) ? [lines.join(",")] : lines;
}
