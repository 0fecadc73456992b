/**
 * `npx tsx bench/memory.ts [--minutes 60] [--rate 10000] [--live 10000] [--tokens 40000]`: what our server's memory does in an
 * hour of checks at an even rate. Ten thousand tokens are in use at any time; every ten seconds some of them go for good and as
 * many come that were not seen for a while, or ever, so that all that is kept of tokens is filled and emptied the whole time.
 * Prints a sample a minute and at the end the line through those of the last two thirds. Exit code 2: wrong usage.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startLoader } from "./load/loader.ts";
import { coresHere, pin } from "./load/pin.ts";
import { startCountersign } from "./peers/countersign.ts";
import { startIssuer } from "./peers/issuer.ts";
import { packageOurs } from "./peers/packaged.ts";
import { slopeOf } from "./side-by-side/memory.ts";
import { packChecks } from "./side-by-side/requests.ts";
import { residentBytes } from "./soak/memory.ts";

const STEP_SECONDS = 10;
const STEPS_A_MINUTE = 6;
/** Of the live tokens, in one step. */
const LEAVING = 20;
const CONNECTIONS = 4;
const UNDER_WAY = 32;
const POLICIES = 10;
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
const [minutes, rate, live, all] = [whole("minutes"), whole("rate"), whole("live"), whole("tokens")];

const stops: (() => Promise<void>)[] = [];
try {
  const folder = await mkdtemp(join(tmpdir(), "countersign-memory-"));
  stops.push(() => rm(folder, { recursive: true, force: true }));
  const issuer = await startIssuer(Math.floor(Date.now() / 1000));
  stops.push(issuer.stop);
  const cores = await coresHere();
  const loader = await startLoader(folder, cores.load);
  stops.push(loader.stop);
  const server = await startCountersign(await packageOurs(folder), issuer.jwks, POLICIES, folder);
  stops.push(() => server.child.stop());
  await pin(server.child.pid, cores.subject);
  const packed = await packChecks(loader, "memory", await issuer.tokens(all, "RS256"), server);
  const where = { host: server.host, port: server.port, grpc: true, connections: CONNECTIONS, file: packed.file };
  const way = { kind: "open", rate, seconds: STEP_SECONDS, spin: false } as const;
  // The first ones one after another: an overload would leave its own mark.
  await loader.run({ ...where, from: 0, count: live, way: { kind: "each", underWay: UNDER_WAY } });
  const samples: { seconds: number; bytes: number }[] = [];
  const begun = performance.now();
  let [allowed, other] = [0, 0];
  for (let step = 0; step < minutes * STEPS_A_MINUTE; step++) {
    const from = Math.floor((step * live) / LEAVING) % Math.max(1, all - live);
    const outcome = await loader.run({ ...where, from, count: live, way });
    allowed += outcome.allowed;
    other += outcome.denied + outcome.failed + outcome.unsent;
    samples.push({ seconds: (performance.now() - begun) / 1000, bytes: await residentBytes(server.child.pid) });
    if ((step + 1) % STEPS_A_MINUTE === 0) process.stdout.write(`${line(samples.slice(-STEPS_A_MINUTE))}\n`);
  }
  const late = samples.slice(Math.floor(samples.length / 3));
  const most = Math.max(...samples.map(({ bytes }) => bytes)) / MIB;
  process.stdout.write(
    `${allowed} allowed, ${other} not; at most ${most.toFixed(1)} MiB; ${((slopeOf(late) * 60) / MIB).toFixed(3)} MiB a minute\n`,
  );
} finally {
  for (const stop of stops.reverse()) await stop();
}

function line(minute: readonly { readonly seconds: number; readonly bytes: number }[]): string {
  const sizes = minute.map(({ bytes }) => bytes / MIB);
  return `${((minute.at(-1)?.seconds ?? 0) / 60).toFixed(1)} min: ${Math.min(...sizes).toFixed(1)} to ${Math.max(...sizes).toFixed(1)} MiB`;
}
