/**
 * `npx tsx bench/soak.ts [--requests 10000000] [--pushes 1000] [--seconds N] [--clients 32] [--seed 1] [--filter FILE]
 * [--plot FILE]`: the long soak, of all that the filter does. It ends with the requests or the seconds, whichever comes first.
 * Prints samples as it goes and one JSON line at the end. Exit codes: 0 all adds up, 1 it does not, 2 wrong usage.
 */
import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { packageRoot } from "../ext-authz/config/package-root.ts";
import { plot } from "./soak/plot.ts";
import { soak } from "./soak/run.ts";

const builtFilter = fileURLToPath(new URL("wasm-filter/build/countersign.wasm", packageRoot));

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "10000000" },
    pushes: { type: "string", default: "1000" },
    seconds: { type: "string", default: "86400" },
    seed: { type: "string", default: "1" },
    clients: { type: "string", default: "32" },
    filter: { type: "string", default: builtFilter },
    plot: { type: "string" },
  },
});
const whole = (name: "requests" | "pushes" | "seconds" | "seed" | "clients"): number => {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  process.stderr.write(`--${name} must be a whole number\n`);
  process.exit(2);
};

const result = await soak({
  requests: whole("requests"),
  seconds: whole("seconds"),
  pushes: whole("pushes"),
  samples: 200,
  seed: whole("seed"),
  clients: whole("clients"),
  rotateSeconds: 15,
  filter: values.filter,
  say: (text) => process.stderr.write(`${text}\n`),
});
const names = new Set([...Object.keys(result.wanted), ...Object.keys(result.counted)]);
const differ = [...names].filter((name) => (result.wanted[name] ?? 0) !== (result.counted[name] ?? 0));
process.stdout.write(`${JSON.stringify({ ...result, samples: undefined, differ })}\n`);
if (values.plot !== undefined) {
  const title = `${result.requests.toLocaleString("en")} requests, ${whole("pushes")} configuration pushes, Envoy 1.40.0`;
  await writeFile(values.plot, plot(result.samples, title));
}
process.exitCode = differ.length === 0 && result.wrong.length === 0 ? 0 : 1;
