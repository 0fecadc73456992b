/**
 * The filter's way of saying no: a local reply, a counter for each reason, and filter state for access logs. Effects: host
 * calls only. Once `refuse` was called the callback must return StopIteration.
 */
import { defineMetric, incrementMetric, MetricType, sendLocalResponse, setProperty } from "proxy-wasm-sdk-as/assembly";
import { bytesOf } from "./ascii";
import { challengeOf, problemOf, REASONS, Refusal, statusOf } from "./refusal";

/** One stand's counters, `countersign.<stand>.refused.<reason>`: a closed set, defined when the plugin is configured. */
export class RefusalCounters {
  /** In the order of REASONS. */
  private metrics: u32[] = [];

  constructor(private stand: string) {
    for (let i = 0; i < REASONS.length; i++) {
      this.metrics.push(defineMetric(MetricType.Counter, `countersign.${stand}.refused.${REASONS[i]}`));
    }
  }

  refuse(refusal: Refusal): void {
    const reason = refusal.reason;
    const at = REASONS.indexOf(reason);
    if (at >= 0) incrementMetric(this.metrics[at], 1);
    record(this.stand, reason);
    const headers: string[][] = [["content-type", "application/problem+json"]];
    const challenge = challengeOf(reason);
    if (challenge != "") headers.push(["www-authenticate", challenge]);
    const more = refusal.header;
    if (more !== null) headers.push(more);
    const details = `countersign_${this.stand}{${reason}}`;
    sendLocalResponse(statusOf(reason), details, bytesOf(problemOf(refusal)), headers);
  }
}

/** Filter state `wasm.countersign.<stand>`: the reason. */
function record(stand: string, outcome: string): void {
  setProperty([`countersign.${stand}`], bytesOf(outcome));
}
