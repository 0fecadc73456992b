/**
 * What the figures must show, as ratios of one run. In: results, memory. Out: for each goal what was wanted and what was measured.
 * No effects, and no verdict on the run: a busy machine moves them.
 */
import { WITH_FEW, WITH_TEN } from "./direct.ts";
import { GRANTED_FEW } from "./end-to-end.ts";
import type { Memory } from "./memory.ts";
import { EVEN_RATES, evenScenario, openScenario, PAIR } from "./open-load.ts";
import { names } from "./proxies.ts";
import { latency, latencyGap, type Result, rateRatio } from "./rounds.ts";

export interface Goal {
  readonly what: string;
  readonly wanted: string;
  readonly measured: string;
  /** The same ratio of CPU time per answer, which a busy machine moves less; "" where there is none. */
  readonly byCpu: string;
  readonly met: boolean;
}

export const OURS = "countersign";
const PEERS = ["opa-envoy-plugin", "authorino"] as const;
const MIB = 1024 ** 2;
const MOST_ADDED_MS = 0.3;

type Find = (scenario: string, subject: string) => Result | undefined;

/** Goals whose parts were not measured are left out. */
export function goals(results: readonly Result[], memory: Memory | undefined, manyTokens: string): readonly Goal[] {
  const find: Find = (scenario, subject) => results.find((one) => one.scenario === scenario && one.subject === subject);
  return [
    ...throughEnvoy(find, manyTokens),
    ...direct(find, manyTokens),
    ...waiting(find),
    ...(memory ? inMemory(memory) : []),
  ];
}

function throughEnvoy(find: Find, manyTokens: string): readonly Goal[] {
  const many = `HTTP/2: ${manyTokens}`;
  return [
    ...["HTTP/1.1", "HTTP/2"].flatMap((protocol) => grantedOver(find, protocol)),
    ...atLeast(`${manyTokens} over 100, granted`, find(many, names.granted), find(many, GRANTED_FEW), 0.9),
  ];
}

function grantedOver(find: Find, protocol: string): readonly Goal[] {
  const scenario = `${protocol}: one token`;
  const granted = find(scenario, names.granted);
  const wanted = [
    [names.bare, 0.5],
    [names.native, 1.5],
    [names.nativeCached, 0.8],
    [names.floor, 4],
    ...PEERS.map((peer) => [peer, 6] as const),
  ] as const;
  return wanted.flatMap(([other, least]) => {
    const subject = find(scenario, other);
    const found = atLeast(`granted over ${other}, ${protocol}`, granted, subject, least);
    return other === names.floor ? found.map(withCeiling(find(scenario, names.bare), subject)) : found;
  });
}

/** What an Envoy without any filter does to the floor: no filter can do more. */
function withCeiling(bare: Result | undefined, floor: Result | undefined): (goal: Goal) => Goal {
  if (bare === undefined || floor === undefined) return (goal) => goal;
  return (goal) => ({ ...goal, measured: `${goal.measured} (bare Envoy: ${rateRatio(bare, floor).toFixed(2)})` });
}

function direct(find: Find, manyTokens: string): readonly Goal[] {
  const rate = (name: string, subject: string = OURS): Result | undefined => find(`direct: ${name}`, subject);
  const repeated = [8, 12] as const;
  return [
    ...PEERS.flatMap((peer, at) =>
      atLeast(
        `Check over ${peer}, one token`,
        rate("one token, RS256"),
        rate("one token, RS256", peer),
        repeated[at] ?? 8,
      ),
    ),
    ...PEERS.flatMap((peer) =>
      atLeast(`Check over ${peer}, cold tokens`, rate("cold tokens, RS256"), rate("cold tokens, RS256", peer), 2),
    ),
    ...atMost("cost of 10,000 policies over ten", rate("10,000 policies", WITH_TEN), rate("10,000 policies"), 1.2),
    ...atLeast(`${manyTokens} over 100, Check`, rate(manyTokens), rate(manyTokens, WITH_FEW), 0.9),
  ];
}

function waiting(find: Find): readonly Goal[] {
  const p99 = (scenario: string, subject: string): number | undefined => {
    const found = find(scenario, subject);
    return found && latency(found, 0.99);
  };
  const even = evenScenario(EVEN_RATES[0]);
  const own = p99(openScenario(OURS), OURS);
  const asked = p99(even, names.asked);
  const goal = (what: string, mine: number | undefined, theirs: number | undefined, wanted: string): readonly Goal[] =>
    mine === undefined || theirs === undefined
      ? []
      : [{ what, wanted, measured: `${ms(mine)} against ${ms(theirs)}`, byCpu: "", met: mine < theirs }];
  return [
    ...PEERS.flatMap((peer) => [
      ...goal(
        `p99 of Check at half of ${peer}'s most`,
        p99(openScenario(peer), OURS),
        p99(openScenario(peer), peer),
        "lower",
      ),
      ...beyond(find, own, peer),
      ...goal(
        `p99 of Check, each at half of its own most, against ${peer}`,
        own,
        p99(openScenario(peer), peer),
        "lower",
      ),
    ]),
    ...addedBy(find(PAIR, names.granted), find(PAIR, names.bare)),
    ...PEERS.flatMap((peer) => goal(`p99 through Envoy, asked, against ${peer}`, asked, p99(even, peer), "lower")),
  ];
}

function addedBy(granted: Result | undefined, bare: Result | undefined): readonly Goal[] {
  if (granted === undefined || bare === undefined) return [];
  const gap = latencyGap(granted, bare, 0.99);
  const measured = `${ms(gap)} (${ms(latency(granted, 0.99))} against ${ms(latency(bare, 0.99))})`;
  const wanted = `≤ ${MOST_ADDED_MS} ms`;
  return [{ what: "p99 through Envoy, granted, over bare", wanted, measured, byCpu: "", met: gap <= MOST_ADDED_MS }];
}

/** At a rate that a peer does not reach it has no p99: what waits for it grows as long as the load goes on. */
function beyond(find: Find, own: number | undefined, peer: string): readonly Goal[] {
  const [mine, most] = [OURS, peer].map((name) => find("direct: 100 tokens", name)?.rate);
  if (own === undefined || mine === undefined || most === undefined || most > mine / 2) return [];
  const what = `p99 of Check at half of our own most, against ${peer} at that rate`;
  const measured = `${ms(own)} against none: ${Math.round(most).toLocaleString("en")}/s is its most`;
  return [{ what, wanted: "lower", measured, byCpu: "", met: true }];
}

function inMemory({ bytes, slope, seconds }: Memory): readonly Goal[] {
  const mib = bytes / MIB;
  const measured = `${mib.toFixed(0)} MiB, ${((slope * 60) / MIB).toFixed(2)} MiB a minute over ${seconds.toFixed(0)} s of load`;
  return [{ what: "memory after load", wanted: "≤ 150 MiB", measured, byCpu: "", met: mib <= 150 }];
}

function atLeast(what: string, mine: Result | undefined, theirs: Result | undefined, least: number): readonly Goal[] {
  if (mine === undefined || theirs === undefined) return [];
  const ratio = rateRatio(mine, theirs);
  const byCpu = (micros(theirs) / micros(mine)).toFixed(2);
  return [{ what, wanted: `≥ ${least}`, measured: ratio.toFixed(2), byCpu, met: ratio >= least }];
}

function atMost(what: string, mine: Result | undefined, theirs: Result | undefined, most: number): readonly Goal[] {
  if (mine === undefined || theirs === undefined) return [];
  const ratio = rateRatio(mine, theirs);
  const byCpu = (micros(theirs) / micros(mine)).toFixed(2);
  return [{ what, wanted: `≤ ${most}`, measured: ratio.toFixed(2), byCpu, met: ratio <= most }];
}

/** Of all processes that a subject needs. */
function micros({ cpu }: Result): number {
  return [...cpu.values()].reduce((sum, each) => sum + each, 0);
}

export function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(2)} ms`;
}
