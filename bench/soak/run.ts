/**
 * The soak: mixed good and hostile requests through a real Envoy while its filter's configuration is pushed anew again and
 * again. In: how much. Out: what was sent, what Envoy counted, memory over time. Effects: one Envoy, a folder of its own.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEnvoy } from "../../examples/demo/envoy-process.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { type Client, openClient } from "./client.ts";
import { counters, ports } from "./counters.ts";
import { discovery, discoveryFile, type SoakZones, soakBootstrap, soakZones } from "./envoy.ts";
import { guestPages, residentBytes } from "./memory.ts";
import { type Batch, batch, chance } from "./traffic.ts";

export interface SoakOptions {
  /** It ends with these, or when `seconds` have passed. */
  readonly requests: number;
  readonly seconds: number;
  readonly pushes: number;
  readonly samples: number;
  readonly seed: number;
  /** The compiled filter. */
  readonly filter: string;
  readonly say: (text: string) => void;
}

export interface Sample {
  readonly requests: number;
  readonly pushes: number;
  readonly residentBytes: number;
  readonly guestPages: number;
}

/** Everything that can be held against each other: equal names must have equal numbers. */
export type Counts = Readonly<Record<string, number>>;

export interface SoakResult {
  readonly requests: number;
  readonly seconds: number;
  /** What must have been counted, and what was. */
  readonly wanted: Counts;
  readonly counted: Counts;
  /** Answers with another status than the one right one. */
  readonly wrong: readonly string[];
  readonly samples: readonly Sample[];
}

const BATCH = 32;
const POOL = 400;
const CLIENTS = 32;

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-soak-"));
  const zones = soakZones(options.filter, folder, randomBytes(32).toString("base64url"), await freePort());
  try {
    await push(zones, 0);
    const { path } = await findEnvoy();
    const envoy = await startEnvoy("edge", path, soakBootstrap(zones), folder);
    try {
      return await drive(options, zones, envoy.child.pid, envoy.admin);
    } finally {
      await envoy.child.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function drive(options: SoakOptions, zones: SoakZones, pid: number, admin: string): Promise<SoakResult> {
  const random = chance(options.seed);
  const pool = Array.from({ length: POOL }, () => batch(random, BATCH));
  const at = await ports(admin);
  const tally = { sent: 0, started: 0, pushes: 0, edge: 0, zone: 0, stamped: 0, reasons: new Map<string, number>() };
  const wrong: string[] = [];
  const samples: Sample[] = [];
  const begun = performance.now();
  let ended = false;

  const one = async (clients: ReadonlyMap<string, Client>, { to, shots }: Batch): Promise<void> => {
    for (const { status, reason, stamped, bytes } of shots) {
      const got = await clients.get(to)?.send(bytes);
      tally.sent++;
      tally[to]++;
      if (stamped) tally.stamped++;
      if (reason !== "") tally.reasons.set(reason, (tally.reasons.get(reason) ?? 0) + 1);
      if (got !== status && wrong.length < 20) wrong.push(`${got}, not ${status}: ${bytes.toString("latin1", 0, 300)}`);
    }
  };
  const worker = async (): Promise<void> => {
    const clients = new Map([
      ["edge", await openClient(at.edge)],
      ["zone", await openClient(at.zone)],
    ]);
    try {
      while (tally.started < options.requests && performance.now() - begun < options.seconds * 1000 && !ended) {
        tally.started += BATCH;
        await one(clients, pool[Math.floor(random() * POOL)] ?? batch(random, BATCH));
      }
    } finally {
      for (const client of clients.values()) client.close();
    }
  };
  const sample = async (): Promise<void> => {
    const entry = { requests: tally.sent, pushes: tally.pushes, residentBytes: await residentBytes(pid) };
    samples.push({ ...entry, guestPages: await guestPages(pid) });
    options.say(`${JSON.stringify(samples.at(-1))} ${Math.round((performance.now() - begun) / 1000)} s`);
  };
  const watch = async (): Promise<void> => {
    while (!ended) {
      const share = tally.sent / options.requests;
      if (tally.pushes < share * options.pushes) {
        tally.pushes++;
        await push(zones, tally.pushes);
        await arrived(admin, tally.pushes);
      } else if (samples.length <= share * options.samples) await sample();
      else await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const end = (): void => {
    ended = true;
  };
  // Whoever ends first, well or not, ends the other.
  await Promise.all([Promise.all(Array.from({ length: CLIENTS }, worker)).finally(end), watch().finally(end)]);
  while (tally.pushes < options.pushes) {
    tally.pushes++;
    await push(zones, tally.pushes);
    await arrived(admin, tally.pushes);
  }
  await sample();
  const counted = await counters(admin);
  const wanted: Counts = {
    "requests at the edge": tally.edge,
    "requests in the zone": tally.zone + tally.stamped,
    "pushes at the edge": tally.pushes + 1,
    "pushes in the zone": tally.pushes + 1,
    "pushes refused": 0,
    "traps and reloads": 0,
    "server errors": 0,
    ...Object.fromEntries(tally.reasons),
  };
  const seconds = (performance.now() - begun) / 1000;
  return { requests: tally.sent, seconds, wanted, counted, wrong, samples };
}

/** Envoy looks for files that are moved into the folder: half a file is never read. */
async function push({ edge, inner, folder }: SoakZones, round: number): Promise<void> {
  for (const [name, zone] of [["edge", edge] as const, ["zone", inner] as const]) {
    const file = discoveryFile(name, folder);
    const draft = join(folder, "..", `${folder.split("/").at(-1)}-${name}.draft`);
    await writeFile(draft, JSON.stringify(discovery(name, zone, round)), { mode: 0o600 });
    await rename(draft, file);
  }
}

/** A push counts when the workers have it: the next one must not overtake it. */
async function arrived(admin: string, round: number): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    const { "pushes at the edge": edge = 0, "pushes in the zone": zone = 0 } = await counters(admin);
    if (edge > round && zone > round) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`push ${round} did not arrive`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const bound = server.address();
      server.close(() => resolve(typeof bound === "object" && bound !== null ? bound.port : 0));
    });
  });
}
