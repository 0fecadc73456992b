/**
 * Latency at fixed rates, open load. In: the setting, what closed load showed. Out: results, direct (half of each server's own
 * most) and through Envoy (one rate for all). Effects: load.
 */
import { to } from "./direct.ts";
import type { Effort } from "./effort.ts";
import { type EnvoySubject, names } from "./proxies.ts";
import { packChecks, packGets } from "./requests.ts";
import { type Result, type Subject, takeTurns } from "./rounds.ts";
import type { Setting } from "./setting.ts";

/** Requests per second through Envoy. */
export const EVEN_RATES = [1000, 5000] as const;
/** A rate this near to the most that a server does is beyond it now and then: it is left out. */
const BEARABLE = 0.9;
/** Of the same load before its moment, untimed: at another pace servers run other code, which their compilers have to learn. */
const LEARNING_SECONDS = 0.5;
/** Tokens in a round. */
const FEW = 100;

/** @param most answers per second of each server in closed load */
export async function measureDirectLatency(
  setting: Setting,
  most: ReadonlyMap<string, number>,
): Promise<readonly Result[]> {
  const { effort, ours, peers, cores, loader, say, tokens } = setting;
  const servers = [ours, ...peers];
  const results: Result[] = [];
  for (const [owner, top] of most) {
    const rate = Math.floor(top / 2);
    say(`direct Check: open load, ${rate}/s (half of what ${owner} does)`);
    const able = servers.filter(({ name }) => rate <= BEARABLE * (most.get(name) ?? 0));
    const subjects: Subject[] = [];
    for (const server of able) {
      const packed = await packChecks(loader, "open", tokens.get("RS256")?.slice(0, FEW) ?? [], server);
      const way = { kind: "open", rate, seconds: effort.openSeconds, spin: cores.load !== undefined } as const;
      const where = { ...to(setting, server), file: packed.file, from: 0, count: packed.count };
      subjects.push({
        ...{ name: server.name, processes: [{ name: "server", pid: server.child.pid }] },
        prepare: async () => void (await loader.run({ ...where, way: { ...way, seconds: learning(effort) } })),
        load: () => loader.run({ ...where, way }),
      });
    }
    results.push(...(await takeTurns(openScenario(owner), subjects, effort.rounds)));
  }
  return results;
}

export function openScenario(owner: string): string {
  return `direct, open: half of the most of ${owner}`;
}

function learning({ openSeconds }: Effort): number {
  return Math.min(LEARNING_SECONDS, openSeconds);
}

/** For all subjects that bear it. */
export function evenScenario(rate: number): string {
  return `HTTP/2, open: ${rate.toLocaleString("en")}/s`;
}

/** Bare and granted alone, in many rounds: every granted request is a hit. */
export const PAIR = `${evenScenario(EVEN_RATES[0])}, hits`;
/** The same without a break: grants are renewed meanwhile, each by a request that is asked for. */
export const ON_END = `${evenScenario(EVEN_RATES[0])}, renewals too`;

/**
 * The client waits by a timer here: the servers need its core.
 * @param most answers per second of each subject in closed load
 */
export async function measureProxyLatency(
  setting: Setting,
  proxies: readonly EnvoySubject[],
  most: ReadonlyMap<string, number>,
): Promise<readonly Result[]> {
  const { effort, loader, say, tokens } = setting;
  const all = tokens.get("RS256")?.slice(0, effort.tokens) ?? [];
  const packed = await packGets(loader, `gets-${all.length}`, all);
  const { underWay, connections, openSeconds, pairRounds, onEndSeconds, rounds } = effort;
  /** Others in each round: what a round finds granted was granted in it. */
  const few = (round: number) => ({ from: (round * FEW) % Math.max(1, all.length - FEW), count: FEW });
  const measure = (scenario: string, some: readonly EnvoySubject[], rate: number, seconds: number, times: number) => {
    say(`through Envoy: ${scenario}`);
    const way = { kind: "open", rate, seconds, spin: false } as const;
    const subjects = some.map(({ name, port, processes }) => {
      const where = { host: "127.0.0.1", port, grpc: false, connections, file: packed.file };
      return {
        ...{ name, processes },
        prepare: async (round: number) => {
          await loader.run({ ...where, ...few(round), way: { kind: "each", underWay } });
          await loader.run({ ...where, ...few(round), way: { ...way, seconds: learning(effort) } });
        },
        load: (round: number) => loader.run({ ...where, ...few(round), way }),
      };
    });
    return takeTurns(scenario, subjects, times);
  };
  const results: Result[] = [];
  for (const rate of EVEN_RATES) {
    // The lowest is for all: who cannot bear it shows it.
    const able = proxies.filter(({ name }) => rate === EVEN_RATES[0] || rate <= BEARABLE * (most.get(name) ?? 0));
    results.push(...(await measure(evenScenario(rate), able, rate, openSeconds, rounds)));
  }
  const pair = proxies.filter(({ name }) => name === names.bare || name === names.granted);
  const [rate] = EVEN_RATES;
  results.push(...(await measure(PAIR, pair, rate, openSeconds, pairRounds)));
  results.push(...(await measure(ON_END, pair, rate, onEndSeconds, Math.ceil(rounds / 3))));
  return results;
}
