/**
 * granted ≡ asked: whatever the guard would repeat is what the check would say. For generated policies and requests; the guard
 * is the contract's own words (`guard-model.ts`). The same run shows that the words matter: with any one of them left out, an
 * answer is repeated that would have been another. `GRANT_WORLDS` sets how many worlds are tried.
 */
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type ParsedGrant, type ProxyRequest, parseGrant, wouldRepeat } from "./guard-model.ts";
import { EPOCH, type Judge, judgeOf, visible, worldWithRequests } from "./world.ts";
import { NOW } from "./world-credentials.ts";

const options = {
  numRuns: Number(process.env["GRANT_WORLDS"] ?? 1200),
  // The same worlds each time: what they show is counted. `GRANT_SEED` tries others.
  seed: Number(process.env["GRANT_SEED"] ?? 2),
};

interface Granted {
  readonly asked: ProxyRequest;
  readonly grant: ParsedGrant;
  readonly answer: object;
}

async function ask(judge: Judge, asked: ProxyRequest): Promise<Granted | undefined> {
  const decision = await judge.decide(asked);
  const text = decision.effect === "allow" ? decision.grant : undefined;
  if (text === undefined) return undefined;
  const grant = parseGrant(text);
  if (grant === undefined) throw new Error(`a grant that the guard ignores: ${text}`);
  return { asked, grant, answer: visible(decision) };
}

/** The grant with one of its words left out. */
function lessened({ atoms, terms, ...grant }: ParsedGrant): readonly (readonly [word: string, grant: ParsedGrant])[] {
  const [first = "", ...more] = terms;
  return [
    ...atoms.map((atom) => [atom, { ...grant, terms, atoms: atoms.filter((one) => one !== atom) }] as const),
    ["path", { ...grant, atoms, terms: ["^/"] }],
    ...more.map(
      (term) => [term.charAt(0), { ...grant, atoms, terms: [first, ...more.filter((one) => one !== term)] }] as const,
    ),
  ];
}

let repeated = 0;
let elsewhere = 0;
const outcomes = new Map<string, number>();
/** Words without which another answer would have been repeated. */
const missed = new Map<string, number>();
const count = (counts: Map<string, number>, name: string, by = 1): unknown =>
  counts.set(name, (counts.get(name) ?? 0) + by);

async function compare(judge: Judge, granted: Granted, next: ProxyRequest, moment: number): Promise<void> {
  const at = NOW + (moment * granted.grant.milliseconds) / 1_000_000;
  const said = async (): Promise<object> => visible(await judge.decide(next, at));
  if (wouldRepeat(granted.grant, granted.asked, next)) {
    repeated++;
    if (next.target !== granted.asked.target) elsewhere++;
    const answer = await said();
    if (JSON.stringify(answer) === JSON.stringify(granted.answer)) return;
    throw new Error(JSON.stringify({ next, ...granted, asked: granted.asked, at: at - NOW, wouldBe: answer }));
  }
  for (const [word, less] of lessened(granted.grant)) {
    if (!wouldRepeat(less, granted.asked, next)) continue;
    if (JSON.stringify(await said()) !== JSON.stringify(granted.answer)) count(missed, word);
  }
}

beforeAll(async () => {
  await fc.assert(
    fc.asyncProperty(worldWithRequests, fc.nat(1000), async ([world, groups], moment) => {
      const judge = judgeOf(world);
      for (const group of groups) {
        for (const asked of group) {
          const granted = await ask(judge, asked);
          if (granted === undefined) continue;
          expect(granted.grant.epoch).toBe(EPOCH);
          for (const next of group) if (next !== asked) await compare(judge, granted, next, moment);
        }
      }
      for (const [outcome, times] of judge.outcomes) count(outcomes, outcome, times);
    }),
    options,
  );
}, 600_000);

describe("a decision that would be repeated", () => {
  it("is the decision that would be made", () => {
    expect(repeated).toBeGreaterThan(2 * options.numRuns);
    expect(elsewhere).toBeGreaterThan(options.numRuns / 20);
  });

  it.each([
    "query",
    "scheme",
    "connection",
    "header:authorization",
    "header:x-role",
    "header:x-forwarded-for",
    "path",
    "!",
    "<",
    ">",
  ])("would be another one somewhere without %s", (word) => {
    expect(missed.get(word) ?? 0).toBeGreaterThan(0);
  });

  it.each([
    "issued",
    "opaque_policy",
    "metadata",
    "request_id",
    "target",
    "preflight",
    "query_change",
    "several_tokens",
    "short_lived",
  ])("is met or left alone for every reason: %s", (outcome) => {
    expect(outcomes.get(outcome) ?? 0).toBeGreaterThan(0);
  });
});
