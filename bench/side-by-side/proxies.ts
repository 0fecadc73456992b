/**
 * One Envoy for each subject, with one worker. In: the setting. Out: their ports and processes, found right. Effects: Envoys
 * on loopback, which end with the setting; requests of the samples.
 */

import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Config } from "../../envoy/model.ts";
import { startEnvoy } from "../../examples/demo/envoy-process.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { pin } from "../load/pin.ts";
import type { CheckServer } from "../peers/check-server.ts";
import { get, wrongThroughEnvoy } from "../peers/envoy-answer.ts";
import { chain, extAuthz, ours } from "../peers/envoy-chain.ts";
import { native } from "../peers/native.ts";
import { samples } from "../peers/work.ts";
import type { Process } from "./rounds.ts";
import type { Setting } from "./setting.ts";

export interface EnvoySubject {
  readonly name: string;
  readonly port: number;
  readonly processes: readonly Process[];
}

/** The names that results and goals speak of. */
export const names = {
  bare: "bare Envoy",
  native: "jwt_authn + rbac",
  nativeCached: "jwt_authn with cache + rbac",
  floor: "always-allow ext_authz",
  asked: "countersign, asked",
  granted: "countersign, granted",
} as const;

/** Does no work, so there is nothing that could be right. */
const idle: ReadonlySet<string> = new Set([names.bare, names.floor]);
const filter = fileURLToPath(new URL("wasm-filter/build/countersign.wasm", packageRoot));

export async function startProxies(
  setting: Setting,
): Promise<{ readonly version: string; readonly proxies: readonly EnvoySubject[] }> {
  const { issuer, folder, cores, peers, floor, say, keep } = setting;
  const { path, version } = await findEnvoy();
  const plans: readonly (readonly [string, Config, CheckServer | undefined])[] = [
    [names.bare, chain("bare", []), undefined],
    [names.native, chain("native", native(issuer.jwks, false)), undefined],
    [names.nativeCached, chain("native-cached", native(issuer.jwks, true)), undefined],
    [names.floor, chain("floor", [extAuthz()], floor), floor],
    [names.asked, ours("asked", filter, setting.ours, false), setting.ours],
    [names.granted, ours("granted", filter, setting.ours, true), setting.ours],
    ...peers.map((peer) => [peer.name, chain(peer.name, [extAuthz()], peer), peer] as const),
  ];
  const proxies: EnvoySubject[] = [];
  for (const [name, config, server] of plans) {
    say(`starting Envoy: ${name}`);
    const { child, port } = await startEnvoy(listenerName(config), path, config, folder);
    keep(() => child.stop());
    await pin(child.pid, cores.subject);
    const servers = server === undefined ? [] : [{ name: "server", pid: server.child.pid }];
    // Servers stand beside the load: what Envoy spends on asking is what differs from core to core.
    if (server !== undefined) await pin(server.child.pid, cores.load);
    proxies.push({ name, port, processes: [{ name: "envoy", pid: child.pid }, ...servers] });
    if (!idle.has(name)) await mustBeRight(setting, name, port);
  }
  return { version, proxies };
}

async function mustBeRight({ issuer }: Setting, name: string, port: number): Promise<void> {
  for (const signing of ["RS256", "ES256"] as const) {
    for (const sample of await samples(issuer, signing)) {
      // Twice: the second answer may come from a memory.
      for (const wrong of [await wrongThroughEnvoy(name, port, sample), await wrongThroughEnvoy(name, port, sample)]) {
        if (wrong !== undefined) throw new Error(`${signing}: ${wrong}`);
      }
    }
  }
}

/** Checks that our server has answered so far, by its own count. */
export async function checksAnswered({ ours: { http } }: Setting): Promise<number> {
  const text = await (await fetch(`${http}/metrics`)).text();
  const counts = text.split("\n").filter((line) => line.startsWith("countersign_checks_total"));
  return counts.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

const REPEATS = 40;
const MOST_TRIES = 50;
const TRY_MS = 100;

/** The share of equal requests that were not asked for anew. */
export async function grantedShare(setting: Setting, { port }: EnvoySubject): Promise<number> {
  const [sample] = await samples(setting.issuer, "RS256");
  if (sample === undefined) throw new Error("no sample");
  let before = await checksAnswered(setting);
  // A guard that has just started keeps nothing until its first poll was answered.
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    await get(port, sample);
    const after = await checksAnswered(setting);
    if (after === before) break;
    before = after;
    await pause(TRY_MS);
  }
  for (let n = 0; n < REPEATS; n++) await get(port, sample);
  return 1 - ((await checksAnswered(setting)) - before) / REPEATS;
}

function listenerName(config: Config): string {
  const node = config["node"];
  if (typeof node !== "object" || !("id" in node)) throw new Error("a bootstrap without a node");
  return String(node["id"]);
}
