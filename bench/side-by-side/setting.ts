/**
 * Everything that is measured, started and found right. In: how many tokens, whether grants are there. Out: servers, the load
 * client, tokens, and what is not there. Effects: processes on loopback, a folder of our own; `stop` ends them all.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { peersCommand } from "../../setup/peers.mjs";
import { type Loader, startLoader } from "../load/loader.ts";
import { type Cores, coresHere } from "../load/pin.ts";
import { startAlwaysAllow } from "../peers/always-allow.ts";
import { startAuthorino } from "../peers/authorino.ts";
import type { CheckServer, PolicyCount } from "../peers/check-server.ts";
import { startCountersign } from "../peers/countersign.ts";
import { wrongAnswer } from "../peers/direct-check.ts";
import { type LoadIssuer, type Signing, startIssuer } from "../peers/issuer.ts";
import { startOpa } from "../peers/opa.ts";
import { packageOurs } from "../peers/packaged.ts";
import { samples } from "../peers/work.ts";
import type { Effort } from "./effort.ts";

export interface Setting {
  readonly effort: Effort;
  readonly folder: string;
  /** Our `countersign` command, compiled. */
  readonly program: string;
  readonly cores: Cores;
  readonly loader: Loader;
  readonly issuer: LoadIssuer;
  readonly tokens: ReadonlyMap<Signing, readonly string[]>;
  readonly ours: CheckServer;
  readonly floor: CheckServer;
  /** Those that are built. */
  readonly peers: readonly CheckServer[];
  /** What was not measured, and how to get it. */
  readonly skipped: readonly string[];
  readonly say: (text: string) => void;
  /** Ends with the setting. */
  readonly keep: (stop: () => Promise<void>) => void;
  stop(): Promise<void>;
}

/** The wall clock, in seconds: tokens are made for it. */
const now = (): number => Math.floor(Date.now() / 1000);

export async function openSetting(effort: Effort, say: (text: string) => void): Promise<Setting> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.splice(0).reverse()) await end();
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), "countersign-bench-"));
    stops.push(() => rm(folder, { recursive: true, force: true }));
    const cores = await coresHere();
    const issuer = await startIssuer(now());
    stops.push(issuer.stop);
    say("signing tokens");
    const { cold, rounds } = effort;
    const direct = Math.max(effort.tokens, cold * (rounds + 1));
    const tokens = new Map<Signing, readonly string[]>([
      // Those that go through Envoy when cold stand last.
      ["RS256", await issuer.tokens(direct + cold * rounds, "RS256")],
      ["ES256", await issuer.tokens(direct, "ES256")],
    ]);
    const loader = await startLoader(folder, cores.load);
    stops.push(loader.stop);
    say("compiling our server");
    const program = await packageOurs(folder);
    say("starting servers");
    const floor = await startAlwaysAllow(folder);
    stops.push(() => floor.child.stop());
    const { ours, peers, skipped } = await startServers(program, issuer, 10, folder, cores, (end) => stops.push(end));
    for (const server of [ours, ...peers]) await mustBeRight(server, issuer);
    const keep = (end: () => Promise<void>): void => void stops.push(end);
    return {
      ...{ effort, folder, program, cores, loader, issuer, tokens, ours, floor, peers, skipped },
      ...{ say, keep, stop },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function startServers(
  program: string,
  issuer: LoadIssuer,
  policies: PolicyCount,
  folder: string,
  { subject: core }: Cores,
  keep: (stop: () => Promise<void>) => void,
): Promise<{
  readonly ours: CheckServer;
  readonly peers: readonly CheckServer[];
  readonly skipped: readonly string[];
}> {
  const started = async <S extends CheckServer | undefined>(start: Promise<S>): Promise<S> => {
    const server = await start;
    if (server !== undefined) keep(() => server.child.stop());
    return server;
  };
  const ours = await started(startCountersign(program, issuer.jwks, policies, folder));
  const opa = await started(startOpa(issuer.jwks, policies, folder, core));
  const authorino = await started(startAuthorino(issuer.url, policies, folder, core));
  const missing = [opa === undefined ? "opa-envoy-plugin" : "", authorino === undefined ? "authorino" : ""];
  return {
    ours,
    peers: [opa, authorino].filter((peer) => peer !== undefined),
    skipped: missing.filter((name) => name !== "").map((name) => `${name} is not built: ${peersCommand} ${name}`),
  };
}

/** Right answers to every sample, for both algorithms. @throws when one is wrong: nothing of it is worth a time then. */
export async function mustBeRight(server: CheckServer, issuer: LoadIssuer): Promise<void> {
  for (const signing of ["RS256", "ES256"] as const) {
    for (const sample of await samples(issuer, signing)) {
      const wrong = await wrongAnswer(server, sample);
      if (wrong !== undefined) throw new Error(`${signing}: ${wrong}`);
    }
  }
}
