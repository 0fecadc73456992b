/**
 * `npx tsx bench/memory.ts [--minutes 60] [--rate 10000] [--live 10000] [--tokens 40000]`: what our server's memory does in an
 * hour of checks, with tokens that come and go. Prints a line a minute, and at the end the line through the last two thirds of
 * the samples. Exit code 2: wrong usage.
 */
import { parseArgs } from "node:util";
import { memory, type Sample } from "./memory/run.ts";
import { slopeOf } from "./side-by-side/memory.ts";

const STEP_SECONDS = 10;
const STEPS_A_MINUTE = 60 / STEP_SECONDS;
const MIB = 1024 ** 2;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "60" },
    rate: { type: "string", default: "10000" },
    live: { type: "string", default: "10000" },
    tokens: { type: "string", default: "40000" },
  },
});
const whole = (name: keyof typeof values): number => {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  process.stderr.write(`--${name} must be a whole number above 0\n`);
  process.exit(2);
};

const minute: Sample[] = [];
const { allowed, other, samples } = await memory({
  steps: whole("minutes") * STEPS_A_MINUTE,
  stepSeconds: STEP_SECONDS,
  rate: whole("rate"),
  live: whole("live"),
  tokens: whole("tokens"),
  say: (sample) => {
    if (minute.push(sample) < STEPS_A_MINUTE) return;
    const sizes = minute.splice(0).map(({ bytes }) => bytes / MIB);
    const [least, most] = [Math.min(...sizes).toFixed(1), Math.max(...sizes).toFixed(1)];
    process.stdout.write(`${(sample.seconds / 60).toFixed(1)} min: ${least} to ${most} MiB\n`);
  },
});
const most = Math.max(...samples.map(({ bytes }) => bytes)) / MIB;
const slope = (slopeOf(samples.slice(Math.floor(samples.length / 3))) * 60) / MIB;
process.stdout.write(
  `${allowed} allowed, ${other} not; at most ${most.toFixed(1)} MiB; ${slope.toFixed(3)} MiB a minute\n`,
);
