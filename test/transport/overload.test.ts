/** Which checks are taken on: by a model of a process that is idle, busy, paused, overloaded. */
import { describe, expect, it } from "vitest";
import { INTERVAL_MS, PRESSED, WATCHFUL_MS, watchOverload } from "../../ext-authz/transport/overload.ts";
import { createWaitingLine, TURN_MS, WAITING_BYTES } from "../../ext-authz/transport/waiting-line.ts";
import { type Load, type Outcome, simulate } from "./overload-model.ts";

const MAX_WAIT = 50;
const long = MAX_WAIT + 1;

describe("waits that are too long", () => {
  /** Each step: milliseconds that pass, the wait (none = nothing waits), how many such checks. */
  type Step = readonly [after: number, wait: number | undefined, count?: number];
  function answers(steps: readonly Step[]): readonly boolean[] {
    const { admits, empty } = watchOverload(MAX_WAIT);
    let now = 0;
    return steps.map(([after, wait, count = 1]) => {
      now += after;
      if (wait === undefined) empty(now);
      else for (let n = 1; n < count; n++) admits(wait, now);
      return wait === undefined || admits(wait, now);
    });
  }
  const overload: readonly Step[] = [
    [0, long, PRESSED],
    [INTERVAL_MS, long],
  ];
  const cases: readonly [string, readonly Step[], readonly boolean[]][] = [
    ["at once are a pause", [[0, 500, 100]], [true]],
    [
      "for less than the interval are a pause",
      [
        [0, long, 100],
        [INTERVAL_MS - 1, long],
      ],
      [true, true],
    ],
    ["for the interval are an overload", overload, [true, false]],
    [
      "of few checks are none: something else keeps the process busy",
      [
        [0, long, PRESSED - 2],
        [INTERVAL_MS, long],
      ],
      [true, true],
    ],
    [
      "begin anew after a short one",
      [
        [0, long, 100],
        [100, MAX_WAIT / 2],
        [150, long, 100],
      ],
      [true, true, true],
    ],
    [
      "begin anew after an empty line",
      [
        [0, long, 100],
        [100, undefined],
        [150, long, 100],
      ],
      [true, true, true],
    ],
    ["alone are refused", [...overload, [1, MAX_WAIT], [1, 1], [1, long]], [true, false, true, true, false]],
    [
      "are refused at once when they come back soon",
      [...overload, [1, undefined], [WATCHFUL_MS - 1, long]],
      [true, false, true, false],
    ],
    ["are forgotten after a while", [...overload, [1, undefined], [WATCHFUL_MS, long]], [true, false, true, true]],
  ];
  it.each(cases)("%s", (_, steps, admitted) => {
    expect(answers(steps)).toEqual(admitted);
  });
});

describe("the line", () => {
  function lined(maxWaiting = 3) {
    let now = 0;
    const turns: (() => void)[] = [];
    const line = createWaitingLine(maxWaiting, watchOverload(MAX_WAIT), {
      clock: () => now,
      atEndOfTurn: (run) => turns.push(run),
      random: () => 0.999,
    });
    const ran: string[] = [];
    const enter = (name: string, cost: number) => {
      const run = (admitted: boolean, waited: boolean): string => {
        now += cost;
        ran.push(`${name}${waited ? " waited" : ""}${admitted ? "" : " refused"}`);
        return name;
      };
      return line.isFree(now) ? run(true, false) : line.wait((admitted) => run(admitted, admitted), now);
    };
    const turn = (): void => {
      for (const run of turns.splice(0)) run();
    };
    return { enter, turn, ran, turns, line };
  }

  it("runs at once what comes while nothing waits, without a promise", () => {
    const { enter, ran } = lined();
    expect([enter("a", 1), enter("b", 1)]).toEqual(["a", "b"]);
    expect(ran).toEqual(["a", "b"]);
  });

  it("beyond one turn's work the rest waits, in its order, and turns end in between", async () => {
    const { enter, turn, ran, turns } = lined();
    void enter("a", TURN_MS);
    const waiting = [enter("b", TURN_MS), enter("c", 1)];
    expect(ran).toEqual(["a"]);
    turn();
    expect(ran).toEqual(["a", "b waited"]);
    turn();
    expect(ran).toEqual(["a", "b waited", "c waited"]);
    expect(await Promise.all(waiting)).toEqual(["b", "c"]);
    expect(turns).toEqual([]);
    expect(enter("d", 1)).toBe("d");
  });

  it("holds no more than its bound: the next is refused at once", () => {
    const { enter, ran } = lined(2);
    for (const name of ["a", "b", "c", "d"]) void enter(name, TURN_MS);
    expect(ran).toEqual(["a", "d refused"]);
  });

  it("holds no more bytes than its bound, and has room again when they are worked off", () => {
    const { enter, turn, ran, line } = lined(10);
    const wait = (name: string, bytes: number) => {
      void line.wait((admitted) => void ran.push(`${name}${admitted ? "" : " refused"}`), 0, bytes);
    };
    void enter("a", TURN_MS);
    wait("b", WAITING_BYTES - 1);
    wait("c", 2);
    wait("d", 1);
    expect(ran).toEqual(["a", "c refused"]);
    turn();
    expect(ran).toEqual(["a", "c refused", "b", "d"]);
    void enter("e", TURN_MS);
    wait("f", WAITING_BYTES);
    turn();
    expect(ran.slice(-2)).toEqual(["e", "f"]);
  });

  it("what throws after waiting rejects, and the next one is run", async () => {
    const { enter, turn, ran, line } = lined();
    void enter("a", TURN_MS);
    const broken = line.wait(() => {
      throw new Error("a bug");
    }, TURN_MS);
    void enter("c", 1);
    turn();
    await expect(broken).rejects.toThrow("a bug");
    expect(ran).toEqual(["a", "c waited"]);
  });
});

/** Nearly 3,600 checks a second is what it can do. */
const base: Load = {
  connections: 4,
  rate: () => 2,
  milliseconds: 10_000,
  costs: [0.03, 0.25, 0.02],
  maxWaitMs: MAX_WAIT,
};
const CAPACITY = 1 / 0.28;
const refused = (outcomes: readonly Outcome[]): number => outcomes.filter(({ admitted }) => !admitted).length;
const longest = (outcomes: readonly Outcome[]): number => outcomes.reduce((most, { took }) => Math.max(most, took), 0);

describe("below what the process can do nothing is refused", () => {
  it.each<[string, Partial<Load>]>([
    ["at half", {}],
    ["at nine tenths", { rate: () => 0.9 * CAPACITY }],
    ["at 99 of a hundred", { rate: () => 0.99 * CAPACITY }],
    [
      "with pauses of a fifth of a second",
      {
        pauses: new Map([
          [2000, 200],
          [5000, 200],
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
    ["a little", { rate: () => 1.1 * CAPACITY }, 0.9],
    ["twice", { rate: () => 2 * CAPACITY }, 0.75],
    ["three times", { rate: () => 3 * CAPACITY }, 0.55],
    ["three times over one connection", { connections: 1, rate: () => 3 * CAPACITY }, 0.55],
    ["three times over a hundred", { connections: 100, rate: () => 3 * CAPACITY }, 0.55],
  ])("%s", (_, load, goodput) => {
    const all = simulate({ ...base, ...load });
    // It takes an interval to be sure, and what came meanwhile has to go.
    const settled = all.filter(({ arrived }) => arrived > 1000);
    expect(longest(settled)).toBeLessThan(DEADLINE);
    // Of what it could do if nothing else came.
    expect((settled.length - refused(settled)) / (9000 * CAPACITY)).toBeGreaterThan(goodput);
  });

  it("no connection is left out", () => {
    const all = simulate({ ...base, rate: () => 3 * CAPACITY });
    const taken = [0, 1, 2, 3].map((id) => all.filter((one) => one.connection === id && one.admitted).length);
    expect(Math.min(...taken) / Math.max(...taken)).toBeGreaterThan(0.25);
  });

  it("when the load is gone, nothing is refused any more", () => {
    const all = simulate({ ...base, rate: (now) => (now < 3000 ? 3 * CAPACITY : 2) });
    expect(refused(all.filter(({ arrived }) => arrived > 3500))).toBe(0);
    expect(refused(all)).toBeGreaterThan(1000);
  });
});
