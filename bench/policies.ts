/**
 * What policies cost: reading, compiling, memory, and one decision, with 10, 1,000 and 100,000 of them. Ten concern the
 * request, whatever the number; all others select the same workload or its neighbours, and differ in host, path, method,
 * principal or header. Decisions are timed interleaved, round by round, and beside a linear scan of the same rules.
 */
import { authorize } from "../ext-authz/authorize/authorize.ts";
import { gatherFacts } from "../ext-authz/authorize/facts.ts";
import { ruleMatches } from "../ext-authz/authorize/rule.ts";
import { defaults } from "../ext-authz/config/defaults.ts";
import type { RequestModel } from "../ext-authz/model.ts";
import { readResources } from "../ext-authz/resources/read.ts";
import { compileSnapshot, type Snapshot } from "../ext-authz/snapshot.ts";
import { median } from "./median.ts";
import { foreignPolicies, policiesThatConcern, theRequest } from "./policy-set.ts";
import type { BenchEntry } from "./run.ts";

const ROUNDS = 15;
const DOCUMENTS_PER_FILE = 1000;

interface Loaded {
  readonly count: number;
  readonly snapshot: Snapshot;
  readonly readMs: number;
  readonly compileMs: number;
  readonly firstMs: number;
  readonly megabytes: number;
  /** Microseconds of each round. */
  readonly indexed: number[];
  readonly scanned: number[];
}

export const policies: BenchEntry = {
  about: "decision time, load time and memory with 10, 1,000 and 100,000 policies",
  run: async ({ quick }) => {
    const request = theRequest();
    const all = (quick ? [10, 100, 1000] : [10, 1000, 100_000]).map((count) => load(count, request));
    for (let round = 0; round < (quick ? 3 : ROUNDS); round++) {
      for (const one of all) {
        one.indexed.push(timed(quick ? 500 : 5000, () => decide(one.snapshot, request)));
        one.scanned.push(timed(Math.max(3, 5000 / one.count), () => scan(one.snapshot, request)));
      }
    }
    const base = median(all[0]?.indexed ?? []);
    return {
      title: "policies: one request that ten policies concern",
      rows: all.map((one) => ({
        policies: one.count,
        "decide µs": round(median(one.indexed)),
        "× first": round(median(one.indexed) / base),
        "linear scan µs": round(median(one.scanned)),
        "read YAML ms": Math.round(one.readMs),
        "compile ms": Math.round(one.compileMs),
        "first plan ms": Math.round(one.firstMs),
        "memory MB": round(one.megabytes),
      })),
      notes: [
        "decide: plan look-up and verdict, median of interleaved rounds; linear scan: every enforced rule tried, no verdict",
        "first plan: once for each different set of policies, when the first workload with that set is seen",
        global.gc === undefined ? "memory: heap without forced collection (node --expose-gc for exact numbers)" : "",
      ].filter((note) => note !== ""),
    };
  },
};

function load(count: number, request: RequestModel): Loaded {
  const texts = [...policiesThatConcern(), ...foreignPolicies(count - 10)];
  const files: { file: string; text: string }[] = [];
  for (let from = 0; from < texts.length; from += DOCUMENTS_PER_FILE) {
    files.push({ file: `p${from}.yaml`, text: texts.slice(from, from + DOCUMENTS_PER_FILE).join("---\n") });
  }
  const before = heap();
  const started = performance.now();
  const { resources, problems } = readResources(files);
  const wrong = problems.find(({ severity }) => severity === "error");
  if (resources.length !== count) throw new Error(`bad policies: ${JSON.stringify(wrong)}`);
  const read = performance.now();
  const snapshot = compileSnapshot(resources, {
    ...defaults,
    keys: { sourceFor: () => ({ current: () => undefined, renew: () => undefined }) },
    compileMint: () => {
      throw new Error("no tokens here");
    },
    hash: (text) => String(text.length).padStart(16, "0"),
  });
  const compiled = performance.now();
  const verdict = decide(snapshot, request);
  if (verdict.effect !== "allow") throw new Error(`the request is denied: ${verdict.refusal.code}`);
  return {
    count,
    snapshot,
    readMs: read - started,
    compileMs: compiled - read,
    firstMs: performance.now() - compiled,
    megabytes: heap() - before,
    indexed: [],
    scanned: [],
  };
}

function decide(snapshot: Snapshot, request: RequestModel) {
  return authorize(snapshot.planFor(request.workload).authorization, request, undefined);
}

function scan(snapshot: Snapshot, request: RequestModel): number {
  const { deny, allow } = snapshot.planFor(request.workload).authorization.http;
  const facts = gatherFacts(request, undefined);
  return [...deny.rules, ...allow.rules].filter((rule) => ruleMatches(rule, facts)).length;
}

function timed(times: number, run: () => unknown): number {
  const started = performance.now();
  for (let i = 0; i < times; i++) run();
  return ((performance.now() - started) * 1000) / times;
}

function heap(): number {
  global.gc?.();
  return process.memoryUsage().heapUsed / 1e6;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
