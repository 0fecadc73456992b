/**
 * The filter's way of saying no: a local reply, a counter for each reason, and filter state for access logs. Effects: host
 * calls only. Once `refuse` was called the callback must return StopIteration.
 */
import {
  defineMetric,
  incrementMetric,
  MetricType,
  NO_METRIC,
  sendLocalResponse,
  setProperty,
} from "proxy-wasm-sdk-as/assembly";
import { bytesOf } from "./ascii";
import { challengeOf, problemOf, REASONS, Refusal, statusOf } from "./refusal";

/** One stand's counters, `countersign.<stand>.refused.<reason>`: a closed set, defined when the plugin is configured. */
export class RefusalCounters {
  private metrics: Map<string, u32> = new Map<string, u32>();

  constructor(private stand: string) {
    for (let i = 0; i < REASONS.length; i++) {
      this.metrics.set(REASONS[i], defineMetric(MetricType.Counter, `countersign.${stand}.refused.${REASONS[i]}`));
    }
  }

  refuse(refusal: Refusal): void {
    const reason = refusal.reason;
    const metric = this.metrics.has(reason) ? this.metrics.get(reason) : NO_METRIC;
    if (metric != NO_METRIC) incrementMetric(metric, 1);
    record(this.stand, reason);
    const headers: string[][] = [["content-type", "application/problem+json"]];
    const challenge = challengeOf(reason);
    if (challenge != "") headers.push(["www-authenticate", challenge]);
    const details = `countersign_${this.stand}{${reason}}`;
    sendLocalResponse(statusOf(reason), details, bytesOf(problemOf(refusal)), headers);
  }
}

/** Filter state `wasm.countersign.<stand>`: the reason, or `passed`. */
export function record(stand: string, outcome: string): void {
  setProperty([`countersign.${stand}`], bytesOf(outcome));
}
