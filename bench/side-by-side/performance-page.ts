/**
 * docs/performance.md and its pictures, from what was measured. In: findings. Out: texts by file name; what stands in the page
 * outside of the two marks stays. Effects: `writePerformance` writes them.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Bar, plotBars } from "../plot-bars.ts";
import type { BenchPage } from "../run.ts";
import { WITH_FEW, WITH_TEN } from "./direct.ts";
import { OURS } from "./goals.ts";
import { EVEN_RATES, evenScenario } from "./open-load.ts";
import { type Findings, pages } from "./pages.ts";
import { names } from "./proxies.ts";
import { latency, type Result } from "./rounds.ts";

const BEGIN = "<!-- written by npm run bench: begin -->";
const END = "<!-- written by npm run bench: end -->";
const mine: ReadonlySet<string> = new Set([OURS, WITH_FEW, WITH_TEN, names.asked, names.granted]);

export async function writePerformance(findings: Findings, folder: string): Promise<void> {
  const page = join(folder, "performance.md");
  await writeFile(page, filled(await readFile(page, "utf8"), findings));
  for (const [name, text] of pictures(findings)) await writeFile(join(folder, name), text);
}

/** @throws when the marks are gone: nobody's text is overwritten. */
export function filled(text: string, findings: Findings): string {
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md has not the marks ${BEGIN} and ${END}`);
  const shown = [...pictures(findings).keys()].map((name) => `![${name.replace(".svg", "")}](${name})`);
  const body = [...findings.about.map((line) => `- ${line}`), "", ...shown, "", ...pages(findings).map(section)];
  return `${text.slice(0, from)}${BEGIN}\n\n${body.join("\n")}\n${text.slice(to)}`;
}

function section({ title, rows, notes }: BenchPage): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table = [
    line(columns),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(columns.map((column) => String(row[column] ?? "")))),
  ];
  return `### ${title}\n\n${table.join("\n")}\n\n${notes.join(" ")}\n`;
}

export function pictures({ results }: Findings): ReadonlyMap<string, string> {
  const scenarios = (wanted: (scenario: string) => boolean) =>
    [...new Set(results.map(({ scenario }) => scenario))].filter(wanted).map((name) => ({
      name: name.replace(/^direct: /, ""),
      bars: results.filter(({ scenario }) => scenario === name).map(rateBar),
    }));
  const even = results.filter(({ scenario }) => scenario === evenScenario(EVEN_RATES[0]));
  return new Map([
    [
      "performance-envoy.svg",
      plotBars(
        "Through one Envoy worker: right answers per second",
        scenarios((name) => name === "HTTP/1.1: one token" || name === "HTTP/2: one token"),
      ),
    ],
    [
      "performance-check.svg",
      plotBars(
        "Check over gRPC, one core: per second",
        scenarios((name) => name.startsWith("direct: ")),
      ),
    ],
    [
      "performance-latency.svg",
      plotBars(
        "Through Envoy at 1,000 requests per second: milliseconds",
        (
          [
            ["p50", 0.5],
            ["p99", 0.99],
            ["p99.9", 0.999],
          ] as const
        ).map(([name, share]) => ({
          name,
          bars: even.map((result) => latencyBar(result, share)),
        })),
        "each",
      ),
    ],
  ]);
}

function rateBar({ subject, rate }: Result): Bar {
  return { name: subject, value: rate, label: Math.round(rate).toLocaleString("en"), ours: mine.has(subject) };
}

function latencyBar(result: Result, share: number): Bar {
  const { subject } = result;
  const value = latency(result, share);
  return { name: subject, value, label: value.toFixed(2), ours: mine.has(subject) };
}
