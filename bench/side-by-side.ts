/**
 * Countersign beside its peers, in one run: opa-envoy-plugin and Authorino where they are built, Envoy's own jwt_authn and rbac,
 * an ext_authz that allows everything, an Envoy that does nothing. In: how much effort. Out: pages, and in the full form
 * docs/performance.md. Effects: processes on loopback, all of which end with it. It compares and never fails on a clock.
 */
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { getPeer, peerNames } from "../setup/peers.mjs";
import { h2loadVersion } from "./load/h2load.ts";
import type { BenchEntry, BenchOptions, BenchPage } from "./run.ts";
import { measureDirect } from "./side-by-side/direct.ts";
import { efforts } from "./side-by-side/effort.ts";
import { measureCold, measureEndToEnd } from "./side-by-side/end-to-end.ts";
import { goals } from "./side-by-side/goals.ts";
import { measureMemory } from "./side-by-side/memory.ts";
import { measureDirectLatency, measureProxyLatency } from "./side-by-side/open-load.ts";
import { type Findings, pages, type Resident } from "./side-by-side/pages.ts";
import { writePerformance } from "./side-by-side/performance-page.ts";
import { type EnvoySubject, grantedShare, names, startProxies } from "./side-by-side/proxies.ts";
import type { Result } from "./side-by-side/rounds.ts";
import { openSetting, type Setting } from "./side-by-side/setting.ts";
import { residentBytes } from "./soak/memory.ts";

const withoutH2load = "HTTP/1.1 was not measured: h2load is not installed (Debian: nghttp2-client).";
const docs = fileURLToPath(new URL("../docs/", import.meta.url));

export const sideBySide: BenchEntry = {
  about: "Check and the whole way through Envoy, beside OPA, Authorino and Envoy's own filters",
  async run({ quick }: BenchOptions): Promise<readonly BenchPage[]> {
    const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);
    if (!quick) await buildPeers(say);
    const findings = await compare(quick ? efforts.quick : efforts.full, say);
    if (!quick) await writePerformance(findings, docs);
    return pages(findings);
  },
};

/** Those that are not there yet and can be built: minutes, the first time. What cannot is skipped, and named so. */
async function buildPeers(say: (text: string) => void): Promise<void> {
  for (const name of peerNames) {
    await getPeer(name, say).catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
  }
}

/** @throws when a subject gives a wrong answer: nothing is timed that is not right. */
export async function compare(
  effort: (typeof efforts)[keyof typeof efforts],
  say: (text: string) => void,
): Promise<Findings> {
  const begun = performance.now();
  const setting = await openSetting(effort, say);
  try {
    const direct = await measureDirect(setting);
    const directLatency = await measureDirectLatency(setting, rates(direct, "direct: 100 tokens"));
    const memory = await measureMemory(setting);
    const { proxies, version } = await startProxies(setting);
    const share = await shareOf(setting, proxies);
    const cold = await measureCold(setting, proxies);
    const endToEnd = await measureEndToEnd(setting, proxies);
    const latency = await measureProxyLatency(setting, proxies, rates(endToEnd, "HTTP/2: one token"));
    const results: readonly Result[] = [...direct, ...directLatency, ...cold, ...endToEnd, ...latency];
    const manyTokens = `${effort.tokens.toLocaleString("en")} tokens`;
    return {
      ...{ results, goals: goals(results, memory, manyTokens), resident: await resident(setting, proxies) },
      about: about(setting, version, (performance.now() - begun) / 1000),
      remarks: [
        `Of equal requests, ${(100 * share).toFixed(0)}% were answered by a grant, by our server's own count of checks.`,
        ...setting.skipped,
        ...((await h2loadVersion()) === undefined ? [withoutH2load] : []),
      ],
    };
  } finally {
    await setting.stop();
  }
}

/** Answers per second of each subject. */
function rates(results: readonly Result[], wanted: string): ReadonlyMap<string, number> {
  return new Map(results.filter(({ scenario }) => scenario === wanted).map(({ subject, rate }) => [subject, rate]));
}

async function shareOf(setting: Setting, proxies: readonly EnvoySubject[]): Promise<number> {
  const granted = proxies.find(({ name }) => name === names.granted);
  if (granted === undefined) throw new Error("no Envoy with grants");
  return grantedShare(setting, granted);
}

async function resident(
  { ours, peers, floor }: Setting,
  proxies: readonly EnvoySubject[],
): Promise<readonly Resident[]> {
  const envoys = proxies.map(({ name, processes }) => ({ name: `Envoy: ${name}`, pid: processes[0]?.pid ?? -1 }));
  const servers = [ours, ...peers, floor].map(({ name, child }) => ({ name: `server: ${name}`, pid: child.pid }));
  return Promise.all([...servers, ...envoys].map(async ({ name, pid }) => ({ name, bytes: await residentBytes(pid) })));
}

function about({ cores, ours, peers }: Setting, envoy: string, seconds: number): readonly string[] {
  const [cpu] = cpus();
  const where =
    cores.subject === undefined
      ? "Not pinned: fewer than two cores, or no taskset."
      : `Direct: the server on core ${cores.subject}, the load on core ${cores.load}. Through Envoy: Envoy with one worker on core ${cores.subject}; its server and the load on core ${cores.load}.`;
  return [
    `${cpu?.model ?? "unknown CPU"}, ${cpus().length} cores, ${Math.round(totalmem() / 1024 ** 3)} GiB; Node ${process.versions.node}, Envoy ${envoy}.`,
    ...[ours, ...peers].map(({ name, version }) => `${name} ${version}`),
    where,
    `Everything on loopback, in one run of ${(seconds / 60).toFixed(1)} minutes.`,
  ];
}
