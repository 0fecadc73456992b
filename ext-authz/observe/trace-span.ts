/**
 * Spans as OTLP says them in JSON. In: ended spans, who we are. Out: one ExportTraceServiceRequest as text. Source: OTLP 1.x,
 * "JSON Protobuf Encoding": ids in hex, 64-bit numbers as text, enums as numbers. Pure.
 */

export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** "" = the first of its trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Milliseconds since the epoch, with fractions. */
  readonly startMs: number;
  readonly endMs: number;
  /** Closed names; values are never free text of a client. */
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  /** Our own failure. A denial is none. */
  readonly failed: boolean;
}

export type SpanKind = "server" | "client";
export type Attributes = Readonly<Record<string, string>>;

export interface SpanEvent {
  readonly name: string;
  readonly atMs: number;
}

const KIND: Readonly<Record<SpanKind, number>> = { server: 2, client: 3 };
const STATUS_ERROR = 2;

/** @param resource who sends: `service.name` and so on */
export function writeSpans(resource: Attributes, spans: readonly Span[]): string {
  const scopeSpans = [{ scope: { name: "countersign" }, spans: spans.map(toOtlp) }];
  return JSON.stringify({ resourceSpans: [{ resource: { attributes: pairs(resource) }, scopeSpans }] });
}

function toOtlp(span: Span): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId !== "" && { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: KIND[span.kind],
    startTimeUnixNano: nanoseconds(span.startMs),
    endTimeUnixNano: nanoseconds(span.endMs),
    attributes: pairs(span.attributes),
    events: span.events.map(({ name, atMs }) => ({ name, timeUnixNano: nanoseconds(atMs) })),
    ...(span.failed && { status: { code: STATUS_ERROR } }),
  };
}

function pairs(attributes: Attributes): readonly object[] {
  return Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

/** Microseconds are exact in a double until the year 2255; nanoseconds are not. */
function nanoseconds(milliseconds: number): string {
  return `${Math.round(milliseconds * 1000)}000`;
}
