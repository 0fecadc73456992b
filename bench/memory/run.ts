/**
 * Our server's memory under an even load whose tokens change: some are in use at any time, at each step a part of them goes and
 * as many come that were not seen for long, or ever. So all that is kept of tokens is filled and emptied the whole
 * time. In: how much of it. Out: answers, and resident bytes over time. Effects: processes on loopback, a folder of its own.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLoader } from "../load/loader.ts";
import { coresHere, pin } from "../load/pin.ts";
import { startCountersign } from "../peers/countersign.ts";
import { startIssuer } from "../peers/issuer.ts";
import { packageOurs } from "../peers/packaged.ts";
import { packChecks } from "../side-by-side/requests.ts";
import { residentBytes } from "../soak/memory.ts";

export interface MemoryOptions {
  readonly steps: number;
  readonly stepSeconds: number;
  /** Checks per second. */
  readonly rate: number;
  /** Tokens in use at any time, and of how many in all. */
  readonly live: number;
  readonly tokens: number;
  readonly say: (sample: Sample) => void;
}

export interface Sample {
  /** Since the load began. */
  readonly seconds: number;
  /** Resident. */
  readonly bytes: number;
}

export interface MemoryResult {
  readonly allowed: number;
  /** Refused, failed, or not sent since too many were under way. */
  readonly other: number;
  readonly samples: readonly Sample[];
}

/** One part in so many of the live tokens goes at each step. */
const LEAVING = 20;
const CONNECTIONS = 4;
const UNDER_WAY = 32;
const POLICIES = 10;

export async function memory(options: MemoryOptions): Promise<MemoryResult> {
  const { steps, stepSeconds, rate, live, tokens, say } = options;
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
    const all = await issuer.tokens(tokens, "RS256");
    // The first ones follow the last: those in use never all go at once, which would be an overload.
    const { file } = await packChecks(loader, "memory", [...all, ...all.slice(0, live)], server);
    const where = { host: server.host, port: server.port, grpc: true, connections: CONNECTIONS, file, count: live };
    // The first ones one after another: an overload would leave a mark of its own.
    await loader.run({ ...where, from: 0, way: { kind: "each", underWay: UNDER_WAY } });
    const way = { kind: "open", rate, seconds: stepSeconds, spin: false } as const;
    const samples: Sample[] = [];
    const begun = performance.now();
    let [allowed, other] = [0, 0];
    for (let step = 0; step < steps; step++) {
      const from = Math.floor((step * live) / LEAVING) % tokens;
      const outcome = await loader.run({ ...where, from, way });
      allowed += outcome.allowed;
      other += outcome.denied + outcome.failed + outcome.unsent;
      const bytes = await residentBytes(server.child.pid);
      const sample = { seconds: (performance.now() - begun) / 1000, bytes };
      samples.push(sample);
      say(sample);
    }
    return { allowed, other, samples };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
