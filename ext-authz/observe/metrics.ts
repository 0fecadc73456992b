/**
 * Prometheus metrics with closed label sets: no path, host, subject or free text is ever a label (DESIGN §6.8).
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { UNGRANTED, type Ungranted } from "../grant/grant.ts";
import type { Decision } from "../model.ts";
import { reasonOf } from "../respond/answer.ts";
import type { ErrorReason } from "../result.ts";
import { type KeyState, registerKeyGauges } from "./key-gauges.ts";
import { type RevocationState, registerRevocationGauges } from "./revocation-gauges.ts";
import type { ShadowChange } from "./shadow-changes.ts";

export interface Metrics {
  decided(decision: Decision, milliseconds: number): void;
  reloaded(outcome: "applied" | "refused", resources: number): void;
  /** A shadow policy, or the candidate set, would have decided otherwise. */
  shadowChanged(change: ShadowChange): void;
  /** A comparison that could not be made. */
  shadowFailed(): void;
  /** Lines of the decision log that were lost. */
  decisionLogDropped(lines: number): void;
  /** An allow that the proxy may repeat, or why it may not. */
  granted(outcome: "issued" | Ungranted): void;
  /** Spans that came to an end: taken by the collector, or lost. */
  traced(spans: number, outcome: "exported" | "dropped"): void;
  /** Text exposition format. */
  text(): Promise<string>;
  readonly contentType: string;
}

const MAX_POLICY_LABELS = 1000;

/** Every one of them, or it does not compile. */
const FAILURES: Readonly<Record<ErrorReason, true>> = {
  internal_error: true,
  not_ready: true,
  deadline_exceeded: true,
  mint_failed: true,
  overloaded: true,
  introspection_failed: true,
  revocation_unavailable: true,
};

export function createMetrics(
  keys: () => readonly KeyState[],
  revocations: () => readonly RevocationState[] = () => [],
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  /** Since the last look at the metrics: a sum of our own costs a tenth of the library's, which finds labels by text. */
  const tallies = new Map<string, { readonly effect: string; count: number }>();
  const granted = new Map<"issued" | Ungranted, number>();
  const checks = new Counter({
    name: "countersign_checks_total",
    help: "Checks answered, by effect and reason",
    labelNames: ["effect", "reason"] as const,
    registers,
    collect() {
      for (const [reason, { effect, count }] of tallies) this.inc({ effect, reason }, count);
      tallies.clear();
    },
  });
  const seconds = new Histogram({
    name: "countersign_check_duration_seconds",
    help: "Time from the decoded CheckRequest to its answer",
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1],
    registers,
  });
  const reloads = new Counter({
    name: "countersign_reloads_total",
    help: "Loads of the policies, by outcome; a refused one leaves the last good snapshot in force",
    labelNames: ["outcome"] as const,
    registers,
  });
  const resources = new Gauge({
    name: "countersign_resources",
    help: "Resources in the snapshot in force",
    registers,
  });
  registerKeyGauges(registry, keys);
  registerRevocationGauges(registry, revocations);
  const changes = new Counter({
    name: "countersign_shadow_changes_total",
    help: "Decisions that a shadow policy or the candidate set would have turned, by the policy whose doing it is",
    labelNames: ["source", "change", "policy"] as const,
    registers,
  });
  const shadowFailures = new Counter({
    name: "countersign_shadow_failures_total",
    help: "Decisions that could not be compared with the candidate set",
    registers,
  });
  const dropped = new Counter({
    name: "countersign_decision_log_dropped_total",
    help: "Lines of the decision log that were lost",
    registers,
  });
  const spans = new Counter({
    name: "countersign_trace_spans_total",
    help: "Spans of checks and key fetches, by what became of them; none without tracing",
    labelNames: ["outcome"] as const,
    registers,
  });
  const grants = new Counter({
    name: "countersign_grants_total",
    help: "Allows by whether the proxy may repeat them, or the reason why it may not",
    labelNames: ["outcome"] as const,
    registers,
    collect() {
      for (const [outcome, count] of granted) this.inc({ outcome }, count);
      granted.clear();
    },
  });
  for (const outcome of ["issued", ...UNGRANTED] as const) grants.inc({ outcome }, 0);
  // An alert on an increase needs the zero before the first one.
  for (const reason of Object.keys(FAILURES)) checks.inc({ effect: "error", reason }, 0);
  for (const outcome of ["applied", "refused"] as const) reloads.inc({ outcome }, 0);
  for (const outcome of ["exported", "dropped"] as const) spans.inc({ outcome }, 0);
  // Names are the operator's own, from resources; still, a label must not grow without end.
  const named = new Set<string>();
  const label = (policy: string): string => {
    if (named.size < MAX_POLICY_LABELS) named.add(policy);
    return named.has(policy) ? policy : "other";
  };
  return {
    shadowChanged: ({ source, change, policy }) => changes.inc({ source, change, policy: label(policy) }),
    shadowFailed: () => shadowFailures.inc(),
    decisionLogDropped: (lines) => dropped.inc(lines),
    granted: (outcome) => void granted.set(outcome, (granted.get(outcome) ?? 0) + 1),
    traced: (count, outcome) => spans.inc({ outcome }, count),
    decided(decision, milliseconds) {
      const reason = reasonOf(decision);
      const tally = tallies.get(reason);
      if (tally === undefined) tallies.set(reason, { effect: decision.effect, count: 1 });
      else tally.count++;
      seconds.observe(milliseconds / 1000);
    },
    reloaded(outcome, count) {
      reloads.inc({ outcome });
      if (outcome === "applied") resources.set(count);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
