/**
 * granted ≡ asked, with the built filter and the server's own core: for generated policies, what the guard repeats is what a
 * check would have answered at that moment, header for header. `GRANT_PAIRS` sets how many requests meet kept grants
 * (`npm test`: some thousands).
 */
import fc from "fast-check";
import { expect, it } from "vitest";
import { headerMap, readable } from "../../wasm-filter/proxy-wasm-sdk-as/host/header-map.ts";
import type { Header, HeaderInput } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import type { ProxyRequest } from "../grant/guard-model.ts";
import { EPOCH, type Judge, judgeOf, visible, type World, worldWithRequests } from "../grant/world.ts";
import { NOW } from "../grant/world-credentials.ts";
import { CONNECTIONS } from "../grant/world-requests.ts";
import { collidingFilter } from "./build-filter.ts";
import { type Exchange, type Granting, granting } from "./granting.ts";

// Compiling on a busy machine may take longer than a test may.
const colliding = collidingFilter();

const PAIRS = Number(process.env["GRANT_PAIRS"] ?? 4000);
const connections = Object.keys(CONNECTIONS);

/** What was granted under a decision id. */
interface Kept {
  readonly answer: string;
  readonly set: readonly (readonly [string, string])[];
  readonly remove: readonly string[];
}

function exchangeOf({ target, headers, connection, ...request }: ProxyRequest): Exchange {
  return { ...request, path: target, lines: headers, connection: connections.indexOf(connection) };
}

/** As Envoy shows it to its filters and to the server: lines of headers that it knows are joined. */
function received(request: ProxyRequest): ProxyRequest {
  const lines = readable(headerMap(request.headers));
  return { ...request, headers: lines.map(([name, value]) => [name, String(value)] as const) };
}

/** What Envoy's ext_authz makes of a request: one line in place of all of a name, then removals. */
function changed(lines: readonly HeaderInput[], { set, remove }: Kept): string[] {
  let out = lines.map(([name, value]) => `${name}: ${value}`);
  for (const [name, value] of set) out = [...out.filter((line) => !line.startsWith(`${name}: `)), `${name}: ${value}`];
  return out.filter((line) => !remove.some((name) => line.startsWith(`${name}: `))).sort();
}

const shown = (headers: readonly Header[]) =>
  headers
    .filter(([name]) => !name.startsWith(":"))
    .map(([name, value]) => `${name}: ${value}`)
    .sort();

interface Tally {
  pairs: number;
  hits: number;
  elsewhere: number;
}

async function meet(proxy: Granting, judge: Judge, requests: readonly ProxyRequest[], tally: Tally): Promise<void> {
  const kept = new Map<string, Kept>();
  let elapsed = 0;
  // Once to be granted, once to be repeated, and once late in their lives.
  for (const [round, pause] of [0, 700, 3200].entries()) {
    proxy.pass(pause);
    proxy.answer(EPOCH);
    elapsed += pause;
    for (const request of requests) {
      const decision = await judge.decide(request, NOW + elapsed / 1000);
      const grant = decision.effect === "allow" ? decision.grant : undefined;
      const exchange = exchangeOf(request);
      const { action, state, headers } = proxy.exchange({ ...exchange, ...(grant !== undefined && { grant }) });
      if (kept.size > 0) tally.pairs++;
      const answer = JSON.stringify(visible(decision));
      if (state === "") {
        if (decision.effect === "allow") kept.set(decision.id, { answer, ...decision.changes });
        continue;
      }
      tally.hits++;
      const [id = ""] = state.split(" ");
      const repeated = kept.get(id);
      if (round === 0) tally.elsewhere++;
      expect({ request, action, answer: repeated?.answer }).toEqual({ request, action: "continue", answer });
      if (repeated !== undefined) expect(shown(headers)).toEqual(changed(request.headers, repeated));
    }
  }
}

async function run(module?: Uint8Array): Promise<Tally> {
  // Nothing but grants: whatever else the guard would refuse or take off is let through.
  const more = { ownedHeaders: [], path: { normalization: "NONE", refuseAmbiguous: false } };
  const proxy = await granting({ cluster: "http", maxBytes: 1_048_576 }, more, module);
  const tally: Tally = { pairs: 0, hits: 0, elsewhere: 0 };
  const test = async ([world, groups]: readonly [World, readonly (readonly ProxyRequest[])[]]): Promise<void> => {
    if (tally.pairs >= PAIRS) return;
    // Another world, another epoch.
    proxy.poll("none");
    proxy.poll(EPOCH);
    await meet(proxy, judgeOf(world), groups.flat().map(received), tally);
  };
  // A world has about seventy; thirty are counted on, and the rest is left out.
  await fc.assert(fc.asyncProperty(worldWithRequests, test), { numRuns: Math.ceil(PAIRS / 30), endOnFailure: true });
  return tally;
}

const LONG = 1_800_000;

it(
  "what is repeated is what would be answered",
  async () => {
    const { pairs, hits, elsewhere } = await run();
    process.stdout.write(
      `pairs ${pairs}, repeated ${hits}, of them for a request that was not asked for ${elsewhere}\n`,
    );
    expect(pairs).toBeGreaterThanOrEqual(PAIRS);
    expect(hits).toBeGreaterThan(PAIRS / 10);
    expect(elsewhere).toBeGreaterThan(PAIRS / 100);
  },
  LONG,
);

it(
  "and with hashes that collide",
  async () => {
    expect((await run(colliding)).hits).toBeGreaterThan(PAIRS / 10);
  },
  LONG,
);
