/**
 * Spans while they are open. In: the caller's trace, what happens meanwhile. Out: an ended span for whoever sends it.
 * Effects: random ids, the clocks that were given; which span is the current one follows the asynchronous calls made in it.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { TraceContext } from "./trace-context.ts";
import type { Attributes, Span, SpanEvent, SpanKind } from "./trace-span.ts";

export interface OpenSpan {
  readonly context: TraceContext;
  event(name: string): void;
  /** Once; what comes later changes nothing. */
  end(attributes: Attributes, failed: boolean): void;
}

export interface Tracer {
  /** @returns undefined when this one is not recorded */
  begin(name: string, kind: SpanKind, parent: TraceContext | undefined): OpenSpan | undefined;
  /** Runs it with the span as the current one, also in what it waits for. */
  within<T>(span: OpenSpan, run: () => T): T;
  /** Undefined when there is none, or it has ended: timers that a check started outlive it. */
  current(): OpenSpan | undefined;
}

export interface TracerEffects {
  readonly ended: (span: Span) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds, monotonic, with fractions. */
  readonly clock: () => number;
  /** Lower-case hex of so many bytes. */
  readonly randomHex: (bytes: number) => string;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}

/** Events of one span; a check has four stages. */
const MAX_EVENTS = 16;

/** @param sampleRatio share of the traces that begin here; a caller that began one has decided for it */
export function createTracer(sampleRatio: number, effects: TracerEffects): Tracer {
  const currentSpan = new AsyncLocalStorage<OpenSpan>();
  const open = new WeakSet<OpenSpan>();
  return {
    begin(name, kind, parent) {
      if (parent === undefined ? effects.random() >= sampleRatio : !parent.sampled) return undefined;
      const traceId = parent?.traceId ?? effects.randomHex(16);
      const spanId = effects.randomHex(8);
      const parentSpanId = parent?.spanId ?? "";
      const startMs = effects.now();
      const started = effects.clock();
      // One wall clock reading for the whole span: a clock that is set meanwhile must not turn it around.
      const at = (): number => startMs + Math.max(0, effects.clock() - started);
      const events: SpanEvent[] = [];
      const span: OpenSpan = {
        context: { traceId, spanId, sampled: true },
        event(what) {
          if (events.length < MAX_EVENTS) events.push({ name: what, atMs: at() });
        },
        end(attributes, failed) {
          if (!open.delete(span)) return;
          const times = { startMs, endMs: at() };
          effects.ended({ traceId, spanId, parentSpanId, name, kind, ...times, attributes, events, failed });
        },
      };
      open.add(span);
      return span;
    },
    within: (span, run) => currentSpan.run(span, run),
    current() {
      const span = currentSpan.getStore();
      return span !== undefined && open.has(span) ? span : undefined;
    },
  };
}
