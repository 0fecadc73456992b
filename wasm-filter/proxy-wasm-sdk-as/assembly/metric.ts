// Counters, gauges and histograms in the host's own statistics. Define once (in `onConfigure`), then use the id.

import { MetricType, Status } from "./abi";
import { nameArgument } from "./argument";
import { proxy_define_metric, proxy_get_metric, proxy_increment_metric, proxy_record_metric } from "./env";
import { OUT_EXTRA, OUT_POINTER, resetOut } from "./received";

/** The id that no metric has: a use of it is refused by the host and harms nothing. */
export const NO_METRIC: u32 = u32.MAX_VALUE;

/** An id for the metric of that name (a second one for the same name means the same metric); NO_METRIC if refused. */
export function defineMetric(type: MetricType, name: string): u32 {
  const key = nameArgument.put(name);
  resetOut();
  const status = proxy_define_metric(type, key.pointer, key.length, OUT_EXTRA);
  return status == Status.Ok ? load<u32>(OUT_EXTRA) : NO_METRIC;
}

/** Adds to a counter (more than 0, else BadArgument) or to a gauge. */
export function incrementMetric(id: u32, delta: i64): Status {
  return <Status>proxy_increment_metric(id, delta);
}

/** Sets a gauge, adds a sample to a histogram, adds to a counter. */
export function recordMetric(id: u32, value: u64): Status {
  return <Status>proxy_record_metric(id, value);
}

/** The value of a counter or gauge; 0 if there is none. */
export function getMetric(id: u32): u64 {
  resetOut();
  return proxy_get_metric(id, OUT_POINTER) == Status.Ok ? load<u64>(OUT_POINTER) : 0;
}
