/**
 * Check over gRPC, without an Envoy: each server on one core, the load on the other. In: the setting. Out: results by
 * scenario: repeated, many and cold tokens, both algorithms, many headers, many policies. Effects: load.
 */
import type { Outcome } from "../load/drive.ts";
import type { Packed } from "../load/loader.ts";
import { pin } from "../load/pin.ts";
import type { CheckServer } from "../peers/check-server.ts";
import type { Signing } from "../peers/issuer.ts";
import { packChecks } from "./requests.ts";
import { type Result, type Subject, takeTurns } from "./rounds.ts";
import { mustBeRight, type Setting, startServers } from "./setting.ts";

const FEW = 100;
/** Our server with ten policies, beside those with ten thousand. */
export const WITH_TEN = "countersign, ten policies";
/** Our server with a hundred tokens, beside those with many. */
export const WITH_FEW = `countersign, ${FEW} tokens`;
/** Headers of a request that has been through much. */
const MANY_HEADERS = 60;

interface Scenario {
  readonly name: string;
  readonly signing: Signing;
  /** Undefined = as many as are cold in one round, each once. */
  readonly tokens: number | undefined;
  readonly headers: number;
}

export async function measureDirect(setting: Setting): Promise<readonly Result[]> {
  const { effort, ours, peers, cores, say } = setting;
  const servers = [ours, ...peers];
  for (const { child } of servers) await pin(child.pid, cores.subject);
  for (const server of servers) await warm(setting, server);
  const plain = { signing: "RS256", headers: 10 } as const;
  const scenarios: readonly Scenario[] = [
    // Cold ones first: later they are known.
    { ...plain, name: "cold tokens, RS256", tokens: undefined },
    { ...plain, name: "cold tokens, ES256", tokens: undefined, signing: "ES256" },
    { ...plain, name: "one token, RS256", tokens: 1 },
    { ...plain, name: "one token, ES256", tokens: 1, signing: "ES256" },
    { ...plain, name: `${FEW} tokens`, tokens: FEW },
    { ...plain, name: `${effort.tokens.toLocaleString("en")} tokens`, tokens: effort.tokens },
    { ...plain, name: `${MANY_HEADERS} headers`, tokens: 1, headers: MANY_HEADERS },
  ];
  const results: Result[] = [];
  for (const scenario of scenarios) {
    say(`direct Check: ${scenario.name}`);
    // Beside many tokens a hundred, in the same rounds: what many cost is told by the same moments.
    const beside = scenario.tokens === effort.tokens ? [{ server: { ...ours, name: WITH_FEW }, tokens: FEW }] : [];
    results.push(...(await measure(setting, servers, scenario, beside)));
  }
  if (effort.manyPolicies) results.push(...(await measureManyPolicies(setting)));
  return results;
}

async function warm(setting: Setting, server: CheckServer): Promise<void> {
  const { effort, loader, tokens } = setting;
  const packed = await packChecks(loader, "warm", tokens.get("RS256")?.slice(0, 1) ?? [], server);
  const way = { kind: "closed", underWay: effort.underWay, seconds: effort.warmSeconds } as const;
  await loader.run({ ...to(setting, server), file: packed.file, from: 0, count: packed.count, way });
}

/** The servers with ten thousand policies stand only while they are measured. */
async function measureManyPolicies(setting: Setting): Promise<readonly Result[]> {
  const { program, issuer, folder, cores, say, ours: few } = setting;
  say("starting servers with 10,000 policies");
  const stops: (() => Promise<void>)[] = [];
  try {
    const { ours, peers } = await startServers(program, issuer, 10_000, folder, cores, (stop) => stops.push(stop));
    // Ours with ten takes its turns among them: what policies cost is told by rounds of the same moments.
    const servers = [ours, { ...few, name: WITH_TEN }, ...peers];
    for (const server of servers) await mustBeRight(server, issuer);
    for (const { child } of servers) await pin(child.pid, cores.subject);
    for (const server of servers) await warm(setting, server);
    say("direct Check: 10,000 policies");
    return await measure(setting, servers, { name: "10,000 policies", signing: "RS256", tokens: 1, headers: 10 });
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function measure(
  setting: Setting,
  servers: readonly CheckServer[],
  scenario: Scenario,
  beside: readonly { readonly server: CheckServer; readonly tokens: number }[] = [],
): Promise<readonly Result[]> {
  const { effort } = setting;
  const tokens = setting.tokens.get(scenario.signing) ?? [];
  const subjects: Subject[] = [];
  const plans = [...servers.map((server) => ({ server, tokens: scenario.tokens })), ...beside];
  for (const { server, tokens: count } of plans) {
    // One part to warm up with, one for each round.
    const some = tokens.slice(0, count ?? effort.cold * (effort.rounds + 1));
    const packed = await packChecks(
      setting.loader,
      `${scenario.signing}-${some.length}`,
      some,
      server,
      scenario.headers,
    );
    const way = { kind: "closed", underWay: effort.underWay, seconds: effort.seconds } as const;
    const load = (round: number): Promise<Outcome> =>
      scenario.tokens === undefined
        ? each(setting, server, packed, round + 1)
        : setting.loader.run({ ...to(setting, server), ...{ file: packed.file, from: 0, count: packed.count, way } });
    // Warm: one load that does not count, with tokens of its own where they must be cold.
    await (scenario.tokens === undefined ? each(setting, server, packed, 0) : load(0));
    subjects.push({ name: server.name, processes: [{ name: "server", pid: server.child.pid }], load });
  }
  return takeTurns(`direct: ${scenario.name}`, subjects, effort.rounds);
}

/** A round's own tokens, once each. */
function each(setting: Setting, server: CheckServer, packed: Packed, part: number): Promise<Outcome> {
  const { cold, underWay } = setting.effort;
  const exchanges = { file: packed.file, from: part * cold, count: cold };
  return setting.loader.run({ ...to(setting, server), ...exchanges, way: { kind: "each", underWay } });
}

/** Where a Check goes. */
export function to({ effort }: Setting, { host, port }: CheckServer) {
  return { host, port, grpc: true, connections: effort.connections };
}
