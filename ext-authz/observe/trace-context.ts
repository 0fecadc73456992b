/**
 * The `traceparent` header, strictly read and written. In: header lines as they came. Out: the caller's trace, or nothing:
 * what is malformed is as good as absent, and never an error. Source: W3C Trace Context, §3.2. Pure.
 *
 * `tracestate` is neither read nor handed on: it belongs to vendors, is as long as its sender likes, and would carry what a
 * client wrote to issuers.
 */

export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  readonly sampled: boolean;
}

export const TRACEPARENT = "traceparent";

const LENGTH = 55;
/** Of a version that is yet to come; it may be longer, not endless. */
const MAX_LENGTH = 256;
const SHAPE = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;

/** @param lines every line of the header: two of them name two traces, so neither counts */
export function readTraceparent(lines: readonly string[] | undefined): TraceContext | undefined {
  const [line] = lines ?? [];
  if (line === undefined || lines?.length !== 1 || line.length > MAX_LENGTH) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = ""] = SHAPE.exec(line.slice(0, LENGTH)) ?? [];
  if (version === "" || version === "ff") return undefined;
  // §3.2.4: later versions may append members; version 00 has none.
  if (line.length > LENGTH && (version === "00" || line[LENGTH] !== "-")) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED };
}

export function writeTraceparent({ traceId, spanId, sampled }: TraceContext): string {
  return `00-${traceId}-${spanId}-${sampled ? "01" : "00"}`;
}
