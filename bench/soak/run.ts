/**
 * The soak: mixed good and hostile requests through a real Envoy while its filter's configuration is pushed anew again and
 * again and its keys change. In: how much. Out: what was sent, what Envoy counted, memory over time. Effects: one Envoy, one
 * server, a folder of its own, one variable of the environment.
 */
import { randomBytes } from "node:crypto";
import { copyFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startEnvoy } from "../../examples/demo/envoy-process.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { freePort } from "../peers/free-port.ts";
import { type Client, openClient } from "./client.ts";
import { type Counted, type Counts, counters, ports, since } from "./counters.ts";
import { discovery, discoveryFile, KEYS_TOKEN, type SoakZones, soakBootstrap, soakZones } from "./envoy.ts";
import { guestPages, residentBytes } from "./memory.ts";
import { type SoakServer, startSoakServer } from "./server.ts";
import { chance } from "./shot.ts";
import { Tally } from "./tally.ts";
import { type Batch, traffic } from "./traffic.ts";

export interface SoakOptions {
  /** It ends with these, or when `seconds` have passed. */
  readonly requests: number;
  readonly seconds: number;
  readonly pushes: number;
  readonly samples: number;
  readonly seed: number;
  /** Connections to each zone, each with one request under way. */
  readonly clients: number;
  /** Another key signs so often. Longer than anybody could take to fetch the one before. */
  readonly rotateSeconds: number;
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

export interface SoakResult {
  readonly requests: number;
  readonly seconds: number;
  /** What must have been counted, and what was: equal names must have equal numbers. */
  readonly wanted: Counts;
  readonly counted: Counts;
  /** What else was: it depends on time. */
  readonly noted: Counts;
  /** Answers with another status than the one right one. */
  readonly wrong: readonly string[];
  readonly samples: readonly Sample[];
}

interface Ground {
  readonly zones: SoakZones;
  readonly server: SoakServer;
  readonly secret: string;
  readonly pid: number;
  readonly admin: string;
}

const BATCH = 32;
const POOL = 400;
const READY_MS = 60_000;

export async function soak(options: SoakOptions): Promise<SoakResult> {
  const folder = await mkdtemp(join(tmpdir(), "countersign-soak-"));
  try {
    const server = await startSoakServer(folder);
    try {
      const secret = randomBytes(32).toString("base64url");
      const at = { inner: await freePort(), deep: await freePort(), bare: await freePort() };
      // A copy: with each push Envoy reads it anew, and a filter that was built meanwhile would be another VM, without keys.
      const filter = join(folder, "filter.wasm");
      await copyFile(options.filter, filter);
      const zones = soakZones(filter, folder, secret, server, at);
      process.env[KEYS_TOKEN] = server.keysToken;
      await push(zones, 0);
      const { path } = await findEnvoy();
      const { child, admin } = await startEnvoy("edge", path, soakBootstrap(zones), folder);
      try {
        return await drive(options, { zones, server, secret, pid: child.pid, admin });
      } finally {
        await child.stop();
      }
    } finally {
      await server.stop();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function drive(options: SoakOptions, ground: Ground): Promise<SoakResult> {
  const { zones, pid, admin } = ground;
  const random = chance(options.seed);
  const batch = traffic(ground.server.tokens, ground.secret);
  const pool = Array.from({ length: POOL }, () => batch(random, BATCH));
  const at = await ports(admin);
  await ready(at.edge, ground.server.tokens.good[0] ?? "");
  const before = await counters(admin);
  const tally = new Tally();
  const samples: Sample[] = [];
  const begun = performance.now();
  const elapsed = (): number => (performance.now() - begun) / 1000;
  let ended = false;

  const one = async (clients: ReadonlyMap<string, Client>, { to, shots }: Batch): Promise<void> => {
    for (const shot of shots) {
      const bytes = shot.bytes();
      for (const right of shot.again === undefined ? [shot] : [shot, shot.again]) {
        const got = await clients.get(to)?.send(bytes);
        tally.count(to, shot, right);
        if (got !== right.status) {
          tally.miss(`${elapsed().toFixed(1)} s: ${got}, not ${right.status}: ${bytes.toString("latin1", 0, 300)}`);
        }
      }
    }
  };
  const worker = async (): Promise<void> => {
    const clients = new Map([
      ["edge", openClient(at.edge)],
      ["zone", openClient(at.zone)],
    ]);
    try {
      while (tally.started < options.requests && elapsed() < options.seconds && !ended) {
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
    options.say(`${JSON.stringify(samples.at(-1))} ${Math.round(elapsed())} s`);
  };
  const pushed = async (): Promise<void> => {
    tally.pushes++;
    await push(zones, tally.pushes);
    await arrived(admin, tally.pushes);
  };
  const watch = async (): Promise<void> => {
    while (!ended) {
      const share = Math.min(1, Math.max(tally.sent / options.requests, elapsed() / options.seconds));
      if (tally.pushes < share * options.pushes) await pushed();
      else if (samples.length <= share * options.samples) await sample();
      else await pause(5);
    }
  };
  const rotate = setInterval(() => void ground.server.rotate(), options.rotateSeconds * 1000);
  const end = (): void => {
    ended = true;
  };
  try {
    // Whoever ends first, well or not, ends the other.
    await Promise.all([
      Promise.all(Array.from({ length: options.clients }, worker)).finally(end),
      watch().finally(end),
    ]);
    while (tally.pushes < options.pushes) await pushed();
  } finally {
    clearInterval(rotate);
  }
  await sample();
  const after = await counters(admin);
  const sum = (name: keyof Counted): Counts => since(before[name], after[name]);
  return {
    ...{ requests: tally.sent, seconds: elapsed(), wanted: tally.wanted, counted: sum("exact"), noted: sum("noted") },
    ...{ wrong: tally.wrong, samples },
  };
}

/** Resolves when keys and grants are in: before, stands refuse what they cannot sign. */
async function ready(port: number, token: string): Promise<void> {
  const client = openClient(port);
  const deadline = performance.now() + READY_MS;
  const asked = `GET /in/deep/ready HTTP/1.1\r\nhost: soak.example\r\nauthorization: Bearer ${token}\r\n\r\n`;
  try {
    for (let good = 0; good < 20; ) {
      if (performance.now() > deadline) throw new Error("the zones did not become ready");
      good = (await client.send(Buffer.from(asked))) === 200 ? good + 1 : 0;
      await pause(20);
    }
  } finally {
    client.close();
  }
}

/** Envoy looks for files that are moved into the folder: half a file is never read. */
async function push({ edge, inner, more, folder }: SoakZones, round: number): Promise<void> {
  for (const zone of [edge, inner]) {
    const draft = join(folder, "..", `${folder.split("/").at(-1)}-${zone.name}.draft`);
    const config = discovery(zone, more.get(zone.name) ?? {}, round);
    await writeFile(draft, JSON.stringify(config), { mode: 0o600 });
    await rename(draft, discoveryFile(zone.name, folder));
  }
}

/** A push counts when the workers have it: the next one must not overtake it. */
async function arrived(admin: string, round: number): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    const { "pushes at the edge": edge = 0, "pushes in the zone": zone = 0 } = (await counters(admin)).exact;
    if (edge > round && zone > round) return;
    await pause(2);
  }
  throw new Error(`push ${round} did not arrive`);
}
