/**
 * Traces of this process, from settings to collector. In: settings, effects. Out: the wrappers for checks and key fetches;
 * nothing at all when no endpoint is set. A life: opened at start, emptied at stop.
 */
import { performance } from "node:perf_hooks";
import type { JwksFetch } from "../authenticate/jwks-answer.ts";
import type { Check } from "../check.ts";
import type { TracingSettings } from "../config/settings.ts";
import { createTraceExport } from "./trace-export.ts";
import { readTraceHeaders } from "./trace-headers.ts";
import { createTracePost } from "./trace-post.ts";
import { writeSpans } from "./trace-span.ts";
import { tracedCheck } from "./traced-check.ts";
import { tracedFetch } from "./traced-fetch.ts";
import { createTracer } from "./tracer.ts";

export interface Tracing {
  check(check: Check): Check;
  fetch(fetch: JwksFetch): JwksFetch;
  /** A stage of the check under way has ended. */
  passed(stage: string): void;
  stop(): Promise<void>;
}

export interface TracingEffects {
  readonly readFile: (path: string) => Promise<string>;
  readonly setTimer: (run: () => void, milliseconds: number) => unknown;
  readonly random: () => number;
  readonly randomHex: (bytes: number) => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly sent: (spans: number, outcome: "exported" | "dropped") => void;
  readonly warn: (message: string) => void;
}

/** @returns undefined when no endpoint is set. @throws when the headers' file cannot be used. */
export async function openTracing(settings: TracingSettings, effects: TracingEffects): Promise<Tracing | undefined> {
  if (settings.endpoint === "") return undefined;
  const headers = readTraceHeaders(settings.headersFile === "" ? "" : await effects.readFile(settings.headersFile));
  if (!headers.ok) throw new Error(`tracing.headersFile: ${headers.error}`);
  const post = createTracePost({ endpoint: settings.endpoint, headers: headers.value });
  const resource = { "service.name": settings.serviceName, "service.instance.id": effects.randomHex(8) };
  let losing = false;
  const exporting = createTraceExport({
    post: (spans) => post(writeSpans(resource, spans)),
    setTimer: effects.setTimer,
    sent(spans, outcome) {
      effects.sent(spans, outcome);
      // Once for each time that it begins: a collector that is gone for a day is one line.
      if (outcome === "dropped" && !losing) effects.warn("traces are lost: the collector does not take them");
      losing = outcome === "dropped";
    },
  });
  const tracer = createTracer(settings.sampleRatio, {
    ended: exporting.add,
    clock: () => performance.now(),
    now: effects.now,
    random: effects.random,
    randomHex: effects.randomHex,
  });
  return {
    check: (check) => tracedCheck(check, tracer),
    fetch: (fetch) => tracedFetch(fetch, tracer),
    passed: (stage) => tracer.current()?.event(stage),
    stop: exporting.stop,
  };
}
