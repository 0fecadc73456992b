/**
 * `npx tsx bench/steady.ts [--quick]`: 200 requests a second through the demo's Envoys while policies, workers and the
 * certificate of the edge's server change. Prints what failed: it should be nothing. Exit code 1 when it is not.
 */
import { CA, first, second } from "../test/transport/certificates.ts";
import { steady } from "./steady/run.ts";

const quick = process.argv.includes("--quick");
const result = await steady({
  rate: 200,
  reloads: quick ? 6 : 20,
  rolls: quick ? 1 : 3,
  ca: CA,
  certificates: [first, second],
  say: (text) => process.stderr.write(`${text}\n`),
});
const sorted = result.milliseconds.toSorted((a, b) => a - b);
const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
const rows: readonly (readonly [string, string | number])[] = [
  ["requests", result.answers + result.failures.length],
  ["seconds", result.seconds.toFixed(1)],
  ["failed", result.failures.length],
  ["decided by a mix of sets", result.mixed.length],
  ["decisions missing in the decision log", result.unlogged],
  ["revisions that decided", result.revisions.size],
  ["broken sets refused", result.refused],
  ["p50, p99, longest (ms)", `${at(0.5)}, ${at(0.99)}, ${at(1)}`],
];
for (const [name, value] of rows) process.stdout.write(`${name.padEnd(40)}${value}\n`);
for (const line of [...result.failures, ...result.mixed]) process.stdout.write(`${line}\n`);
process.exitCode = result.failures.length + result.mixed.length + result.unlogged === 0 ? 0 : 1;
