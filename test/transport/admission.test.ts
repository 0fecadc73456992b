/** Which checks are taken on: by a model of a process that is idle, busy, paused, overloaded. */
import { describe, expect, it } from "vitest";
import { CALM_MS, createAdmission, INTERVAL_MS, PRESSED, WATCHFUL_MS } from "../../ext-authz/transport/admission.ts";
import { createQueueDelay } from "../../ext-authz/transport/queue-delay.ts";
import { type Load, type Outcome, simulate } from "./overload-model.ts";

const MAX_WAIT = 50;

describe("checks under way", () => {
  const never = { waited: () => 0, idle: () => true, turned: () => {} };
  const connection = {};
  it("are no more at once than the bound", () => {
    const { admit, done } = createAdmission({ maxChecks: 2, maxWaitMs: MAX_WAIT }, never);
    const ask = (): boolean => admit(connection, 1, 0);
    expect([ask(), ask(), ask()]).toEqual([true, true, false]);
    done();
    expect([ask(), ask()]).toEqual([true, false]);
  });

  it("a refused one holds no place", () => {
    const { admit, done } = createAdmission({ maxChecks: 1, maxWaitMs: MAX_WAIT }, never);
    for (let n = 0; n < 6; n++) admit(connection, 1, 0);
    done();
    expect(admit(connection, 1, 0)).toBe(true);
  });
});

describe("waits that are too long", () => {
  /** Each step: milliseconds that pass, the wait, whether the loop had been idle, how many such checks. */
  type Step = readonly [after: number, wait: number, idle: boolean, count?: number];
  function answers(steps: readonly Step[]): readonly boolean[] {
    let now = 0;
    let step: Step = [0, 0, true];
    const queue = { waited: () => step[1], idle: () => step[2], turned: () => {} };
    const { admit, done } = createAdmission({ maxChecks: 10, maxWaitMs: MAX_WAIT }, queue);
    return steps.map((next) => {
      step = next;
      now += next[0];
      let admitted = false;
      for (let n = 0; n < (next[3] ?? 1); n++) {
        admitted = admit({}, 1, now);
        if (admitted) done();
      }
      return admitted;
    });
  }
  const long = MAX_WAIT + 1;
  const overload: readonly Step[] = [
    [0, long, false, PRESSED],
    [INTERVAL_MS, long, false],
  ];
  it.each<[string, readonly Step[], readonly boolean[]]>([
    ["at once are a pause", [[0, 500, false, 100]], [true]],
    [
      "for less than the interval are a pause",
      [
        [0, long, false, 100],
        [INTERVAL_MS - 1, long, false],
      ],
      [true, true],
    ],
    ["for the interval are an overload", overload, [true, false]],
    [
      "of few checks are none: the process is busy with something else",
      [
        [0, long, false, PRESSED - 2],
        [INTERVAL_MS, long, false],
      ],
      [true, true],
    ],
    [
      "begin anew after a short one",
      [
        [0, long, false, 100],
        [INTERVAL_MS / 2, MAX_WAIT / 2, false],
        [INTERVAL_MS / 2, long, false, 100],
      ],
      [true, true, true],
    ],
    [
      "are refused until none was long for a while",
      [
        ...overload,
        [1, MAX_WAIT, false],
        [CALM_MS - 1, 1, false],
        [0, long, false],
        [1, 1, false],
        [CALM_MS, 1, false],
        [WATCHFUL_MS, long, false],
      ],
      [true, false, true, true, false, true, true, true],
    ],
    [
      "are refused until an idle moment, and at once when they come back soon",
      [...overload, [1, 0, true], [WATCHFUL_MS - 1, long, false], [1, 0, true], [WATCHFUL_MS, long, false]],
      [true, false, true, false, true, true],
    ],
  ])("%s", (_, steps, admitted) => {
    expect(answers(steps)).toEqual(admitted);
  });
});

describe("the wait is never taken for less than it was", () => {
  it.each([1, 4, 16])("over %d connections", (connections) => {
    for (const rate of [0.5, 3, 30]) {
      const outcomes = simulate({ ...base, connections, rate: () => rate, milliseconds: 3000 });
      expect(outcomes.filter(({ excess }) => excess < -1e-6)).toEqual([]);
    }
  });

  it("a connection's first check, and one after an idle moment, have not waited", () => {
    let idle = 0;
    const queue = createQueueDelay(() => idle);
    const connection = {};
    idle = 5;
    expect(queue.waited(connection, 1, 5000)).toBe(0);
    queue.turned(5010);
    idle = 9;
    expect(queue.waited(connection, 1, 9000)).toBe(0);
    expect(queue.waited(connection, 1, 9010)).toBe(10);
  });

  it("turns that bring no check count too: sockets were looked at", () => {
    const queue = createQueueDelay(() => 0);
    for (const now of [1000, 2000, 3000]) queue.turned(now);
    // Not there when the turn before this one began to look.
    expect(queue.waited({}, 1, 3005)).toBe(1005);
  });
});

/** 4,000 checks a second is what it can do. */
const base: Load = { connections: 4, rate: () => 2, milliseconds: 10_000, costs: [0.25, 0.03], maxWaitMs: MAX_WAIT };
const refused = (outcomes: readonly Outcome[]): number => outcomes.filter(({ admitted }) => !admitted).length;

describe("below what the process can do nothing is refused", () => {
  it.each<[string, Partial<Load>]>([
    ["at half", {}],
    ["at nine tenths", { rate: () => 3.6 }],
    ["at 99 of a hundred", { rate: () => 3.96 }],
    [
      "with pauses of a seventh of a second",
      {
        pauses: new Map([
          [2000, 140],
          [5000, 140],
        ]),
      },
    ],
    ["with bursts of 50 ms at six times the rate", { rate: (now) => (now % 1000 < 50 ? 12 : 1.5) }],
    ["over one connection", { connections: 1 }],
    ["over a hundred", { connections: 100 }],
  ])("%s", (_, load) => {
    expect(refused(simulate({ ...base, ...load }))).toBe(0);
  });
});

describe("beyond it, what is taken on is answered in time and the rest early", () => {
  const DEADLINE = 200;
  it.each<[string, Partial<Load>, number]>([
    ["a little", { rate: () => 4.4 }, 0.9],
    ["twice", { rate: () => 8 }, 0.8],
    ["three times", { rate: () => 12 }, 0.65],
    ["three times over one connection", { connections: 1, rate: () => 12 }, 0.65],
    ["three times over a hundred", { connections: 100, rate: () => 12 }, 0.65],
  ])("%s", (_, load, goodput) => {
    const all = simulate({ ...base, ...load });
    // It takes an interval to be sure, and what came meanwhile has to go.
    const settled = all.filter(({ arrived }) => arrived > 1000);
    const taken = settled.filter(({ admitted }) => admitted);
    expect(Math.max(...taken.map(({ took }) => took))).toBeLessThan(DEADLINE);
    expect(Math.max(...settled.map(({ took }) => took))).toBeLessThan(DEADLINE);
    // Of what it could do if nothing else came.
    expect(taken.length / (9000 * 4)).toBeGreaterThan(goodput);
  });

  it("no connection is served at the cost of another", () => {
    const all = simulate({ ...base, rate: () => 12 });
    const taken = [0, 1, 2, 3].map((id) => all.filter((one) => one.connection === id && one.admitted).length);
    expect(Math.min(...taken) / Math.max(...taken)).toBeGreaterThan(0.8);
  });

  it("when the load is gone, nothing is refused any more", () => {
    const all = simulate({ ...base, rate: (now) => (now < 3000 ? 12 : 2) });
    expect(refused(all.filter(({ arrived }) => arrived > 3500))).toBe(0);
    expect(refused(all)).toBeGreaterThan(1000);
  });
});
