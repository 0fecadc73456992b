/**
 * `npx tsx bench/run.ts [entry…] [--quick] [--json]`: each entry measures one thing and prints one page. No entry names
 * all of them. Benchmarks compare and never fail on a clock.
 */
import { check } from "./check.ts";
import { filter } from "./filter.ts";
import { policies } from "./policies.ts";
import { sideBySide } from "./side-by-side.ts";
import { verify } from "./verify.ts";

export interface BenchOptions {
  /** Small sizes and few rounds: whether it runs, not how fast. */
  readonly quick: boolean;
}

export interface BenchEntry {
  readonly about: string;
  readonly run: (options: BenchOptions) => Promise<BenchPage | readonly BenchPage[]>;
}

export interface BenchPage {
  readonly title: string;
  /** One row for each thing compared; the same columns in each. */
  readonly rows: readonly Readonly<Record<string, string | number>>[];
  readonly notes: readonly string[];
}

const entries: ReadonlyMap<string, BenchEntry> = new Map([
  ["check", check],
  ["filter", filter],
  ["peers", sideBySide],
  ["policies", policies],
  ["verify", verify],
]);

const words = process.argv.slice(2);
const options = { quick: words.includes("--quick") };
const named = words.filter((word) => !word.startsWith("--"));
const unknown = named.filter((name) => !entries.has(name));
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(", ")}; known:\n`);
  for (const [name, { about }] of entries) process.stderr.write(`  ${name}: ${about}\n`);
  process.exit(2);
}
for (const [name, entry] of entries) {
  if (named.length > 0 && !named.includes(name)) continue;
  const made = await entry.run(options);
  for (const page of isPages(made) ? made : [made]) {
    process.stdout.write(words.includes("--json") ? `${JSON.stringify({ entry: name, ...page })}\n` : print(page));
  }
}

function isPages(made: BenchPage | readonly BenchPage[]): made is readonly BenchPage[] {
  return Array.isArray(made);
}

function print({ title, rows, notes }: BenchPage): string {
  const columns = Object.keys(rows[0] ?? {});
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? "")))];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at]?.length ?? 0)));
  const lines = cells.map((row) => row.map((cell, at) => cell.padStart(widths[at] ?? 0)).join("  "));
  return `${[title, "", ...lines, "", ...notes].join("\n")}\n\n`;
}
