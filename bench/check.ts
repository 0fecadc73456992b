/**
 * Our own server's Check over gRPC, alone: for whoever works on its speed. In: how much effort. Out: a row for each load: one
 * token, many, cold ones; 10 and 60 headers; 10 and 10,000 policies. The server, compiled, has one core, the load the other.
 * Right answers first. `peers` compares the same loads with others.
 */
import { cpus } from "node:os";
import type { BenchEntry } from "./run.ts";
import { measureDirect } from "./side-by-side/direct.ts";
import { efforts } from "./side-by-side/effort.ts";
import { latency, type Result } from "./side-by-side/rounds.ts";
import { openSetting } from "./side-by-side/setting.ts";

export const check: BenchEntry = {
  about: "our own Check over gRPC on one core: tokens, headers, policies",
  async run({ quick }) {
    const effort = { ...(quick ? efforts.quick : efforts.full), soakSeconds: 0 };
    const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
    const setting = await openSetting(effort, say);
    try {
      const results = await measureDirect({ ...setting, peers: [] });
      return {
        title:
          "check: one CheckRequest of 1.4 kB, RS256 unless it says otherwise; role, method, path prefix; two headers",
        rows: results.filter(({ subject }) => subject === setting.ours.name).map(row),
        notes: [
          `${effort.connections} connections, ${effort.underWay} checks under way; medians of ${effort.rounds} rounds`,
          "wrong: answers that were no allow; client: CPU time over wall time of the load, near 1 it was the limit",
          `${cpus()[0]?.model ?? "unknown CPU"}, Node ${process.version}, server ${setting.cores.subject === undefined ? "not pinned" : "pinned to one core"}`,
        ],
      };
    } finally {
      await setting.stop();
    }
  },
};

function row(result: Result) {
  const { scenario, rate, low, high, cpu, wrong, client } = result;
  return {
    load: scenario.replace("direct: ", ""),
    "per second": Math.round(rate),
    range: `${Math.round(low)}–${Math.round(high)}`,
    "CPU µs": (cpu.get("server") ?? Number.NaN).toFixed(1),
    "p50 ms": latency(result, 0.5).toFixed(2),
    "p99 ms": latency(result, 0.99).toFixed(2),
    wrong,
    client: client.toFixed(2),
  };
}
