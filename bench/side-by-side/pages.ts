/** Results as pages of a table each. In: everything that was measured. Out: pages for people. No effects. */
import type { BenchPage } from "../run.ts";
import type { Goal } from "./goals.ts";
import { ms } from "./goals.ts";
import { latency, type Result } from "./rounds.ts";

export interface Resident {
  readonly name: string;
  readonly bytes: number;
}

export interface Findings {
  readonly about: readonly string[];
  readonly results: readonly Result[];
  readonly resident: readonly Resident[];
  readonly goals: readonly Goal[];
  readonly remarks: readonly string[];
}

type Row = Readonly<Record<string, string | number>>;

export function pages({ about, results, resident, goals, remarks }: Findings): readonly BenchPage[] {
  const closed = (prefix: string): readonly Result[] =>
    results.filter(({ scenario }) => scenario.startsWith(prefix) && !scenario.includes(", open"));
  const open = results.filter(({ scenario }) => scenario.includes(", open"));
  const page = (title: string, rows: readonly Row[], notes: readonly string[] = []): BenchPage => ({
    title,
    rows,
    notes,
  });
  const spread = "Right answers per second: median of the rounds ± half the spread; CPU in µs per answer.";
  return [
    page("Goals", goals.map(goalRow), remarks),
    page("Through one Envoy worker, HTTP/1.1", closed("HTTP/1.1").map(row), [spread, "h2load, 32 connections."]),
    page("Through one Envoy worker, HTTP/2", closed("HTTP/2").map(row), [
      spread,
      "4 connections, 32 requests under way.",
    ]),
    page("Check over gRPC, one core", closed("direct").map(row), [spread, "4 connections, 32 checks under way."]),
    page("Latency at fixed rates", open.map(latencyRow), [
      "Open load: a request is sent when it is due, whatever is still under way. Medians of the rounds.",
    ]),
    page(
      "Memory",
      resident.map(({ name, bytes }) => ({ process: name, "resident MiB": Math.round(bytes / 1024 ** 2) })),
      about,
    ),
  ].filter(({ rows }) => rows.length > 0);
}

function goalRow({ what, wanted, measured, byCpu, met }: Goal): Row {
  return { what, wanted, measured, "by CPU time": byCpu, met: met ? "yes" : "no" };
}

function row({ scenario, subject, rate, low, high, cpu, wrong }: Result): Row {
  const half = rate === 0 ? 0 : (100 * (high - low)) / 2 / rate;
  return {
    ...{ load: scenario, subject, "per second": Math.round(rate).toLocaleString("en"), "±": `${half.toFixed(0)}%` },
    ...{ "envoy µs": micros(cpu.get("envoy")), "server µs": micros(cpu.get("server")), wrong },
  };
}

function latencyRow(result: Result): Row {
  const { scenario, subject, rate, wrong } = result;
  const at = (share: number): string => ms(latency(result, share));
  const quantiles = { p50: at(0.5), p99: at(0.99), "p99.9": at(0.999) };
  return { load: scenario, subject, "per second": Math.round(rate).toLocaleString("en"), ...quantiles, wrong };
}

function micros(value: number | undefined): string {
  return value === undefined ? "" : value.toFixed(0);
}
