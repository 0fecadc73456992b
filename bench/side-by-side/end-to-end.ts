/**
 * Through one Envoy worker, closed load. In: the setting, its proxies. Out: results: HTTP/1.1 and HTTP/2 with one token, many
 * headers, many and cold tokens. Effects: load.
 */
import { h2load, h2loadVersion } from "../load/h2load.ts";
import type { Packed } from "../load/loader.ts";
import { HOST, PATH } from "../peers/work.ts";
import { type EnvoySubject, names } from "./proxies.ts";
import { headersOf, packGets, padded } from "./requests.ts";
import { type Result, takeTurns } from "./rounds.ts";
import type { Setting } from "./setting.ts";

const FEW = 100;
const MANY_HEADERS = 60;
/** Granted with a hundred tokens, beside those with many. */
export const GRANTED_FEW = `${names.granted}, ${FEW} tokens`;
/** Those whose speed depends on whether a token was seen before. */
const remembering: ReadonlySet<string> = new Set([names.native, names.nativeCached, names.asked, names.granted]);

export async function measureEndToEnd(setting: Setting, proxies: readonly EnvoySubject[]): Promise<readonly Result[]> {
  const { effort, say, tokens } = setting;
  const all = tokens.get("RS256") ?? [];
  const some = proxies.filter(({ name }) => remembering.has(name));
  const results: Result[] = [];
  if ((await h2loadVersion()) !== undefined) {
    say("through Envoy: HTTP/1.1, one token");
    results.push(...(await overHttp1(setting, proxies, all[0] ?? "", 10, "one token")));
    say("through Envoy: HTTP/1.1, many headers");
    const few = proxies.filter(({ name }) => name === names.bare || name === names.floor || remembering.has(name));
    results.push(...(await overHttp1(setting, few, all[0] ?? "", MANY_HEADERS, `${MANY_HEADERS} headers`)));
  }
  for (const [name, count, whom] of [
    ["one token", 1, proxies],
    [`${FEW} tokens`, FEW, some],
    [`${effort.tokens.toLocaleString("en")} tokens`, effort.tokens, some],
  ] as const) {
    say(`through Envoy: HTTP/2, ${name}`);
    const packed = await packGets(setting.loader, `gets-${count}`, all.slice(0, count));
    const subjects = whom.map((proxy) => ({ proxy, packed }));
    // Beside many tokens a hundred, in the same rounds: what many cost is told by the same moments.
    const beside = count === effort.tokens ? proxies.filter((proxy) => proxy.name === names.granted) : [];
    const few = await packGets(setting.loader, `gets-${FEW}`, all.slice(0, FEW));
    subjects.push(...beside.map((proxy) => ({ proxy: { ...proxy, name: GRANTED_FEW }, packed: few })));
    results.push(...(await overHttp2(setting, subjects, name)));
  }
  return results;
}

function overHttp1(setting: Setting, proxies: readonly EnvoySubject[], token: string, headers: number, name: string) {
  const { effort, cores } = setting;
  const lines = [[":authority", HOST] as const, ...padded(headersOf(token), headers)];
  const load = (port: number, seconds: number) => {
    const url = `http://127.0.0.1:${port}${PATH}`;
    return h2load({ url, headers: lines, connections: effort.underWay, seconds, core: cores.load });
  };
  const subjects = proxies.map(({ name: subject, port, processes }) => ({
    ...{ name: subject, processes },
    // The grant of a moment ago may have ended while others took their turn.
    prepare: async () => void (await load(port, Math.min(effort.seconds, 0.1))),
    load: () => load(port, effort.seconds),
  }));
  return takeTurns(`HTTP/1.1: ${name}`, subjects, effort.rounds);
}

function overHttp2(
  setting: Setting,
  plans: readonly { readonly proxy: EnvoySubject; readonly packed: Packed }[],
  name: string,
) {
  const { effort, loader } = setting;
  const { underWay, seconds, connections } = effort;
  const subjects = plans.map(({ proxy: { name: subject, port, processes }, packed: { file, count } }) => {
    const where = { host: "127.0.0.1", port, grpc: false, connections, file, from: 0, count };
    return {
      ...{ name: subject, processes },
      // Each token once: what can be remembered of it is.
      prepare: async () => void (await loader.run({ ...where, way: { kind: "each", underWay } })),
      load: () => loader.run({ ...where, way: { kind: "closed", underWay, seconds } }),
    };
  });
  return takeTurns(`HTTP/2: ${name}`, subjects, effort.rounds);
}

/** Tokens that no Envoy and no server has seen: those that direct Checks left over. */
export async function measureCold(setting: Setting, proxies: readonly EnvoySubject[]): Promise<readonly Result[]> {
  const { effort, loader, say, tokens } = setting;
  say("through Envoy: HTTP/2, cold tokens");
  const { underWay, connections, cold, rounds, warmSeconds: seconds } = effort;
  const known = await packGets(loader, "gets-warm", tokens.get("RS256")?.slice(0, 1) ?? []);
  for (const { port } of proxies) {
    const where = { host: "127.0.0.1", port, grpc: false, connections, file: known.file, from: 0, count: known.count };
    await loader.run({ ...where, way: { kind: "closed", underWay, seconds } });
  }
  const unseen = tokens.get("RS256")?.slice(-cold * rounds) ?? [];
  const packed = await packGets(loader, "gets-cold", unseen);
  // Asked and granted ask one server: what one of them brings would not be cold to the other.
  const subjects = proxies
    .filter(({ name }) => name !== names.asked && name !== names.bare)
    .map(({ name, port, processes }) => ({
      ...{ name, processes },
      load: (round: number) => {
        const where = { host: "127.0.0.1", port, grpc: false, connections, file: packed.file };
        return loader.run({ ...where, from: round * cold, count: cold, way: { kind: "each", underWay } });
      },
    }));
  return takeTurns("HTTP/2: cold tokens", subjects, rounds);
}
