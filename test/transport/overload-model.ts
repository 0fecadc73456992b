/**
 * A process under load, without a process: connections bring checks at an even rate, each turn of the loop reads all of them, a
 * check that is taken on costs more than one that is refused, answers leave at the end of a turn. In: rates and costs in
 * milliseconds. Out: how long each took and what became of it. Time is a number.
 */
import { watchOverload } from "../../ext-authz/transport/overload.ts";
import { createWaitingLine } from "../../ext-authz/transport/waiting-line.ts";

export interface Load {
  readonly connections: number;
  /** Checks in a millisecond, all together, by time. */
  readonly rate: (now: number) => number;
  readonly milliseconds: number;
  /** Of reading a check, of deciding one, of refusing one. */
  readonly costs: readonly [read: number, decide: number, refuse: number];
  readonly maxWaitMs: number;
  /** When the process does something else, for how long. */
  readonly pauses?: ReadonlyMap<number, number>;
}

export interface Outcome {
  readonly connection: number;
  readonly arrived: number;
  /** From its arrival to its answer. */
  readonly took: number;
  readonly admitted: boolean;
}

export function simulate(load: Load): readonly Outcome[] {
  const { connections, rate, milliseconds, costs, maxWaitMs, pauses = new Map() } = load;
  const [read, decide, refuse] = costs;
  let now = 0;
  let chance = 1;
  let endOfTurn: (() => void)[] = [];
  const line = createWaitingLine(1000, watchOverload(maxWaitMs), {
    clock: () => now,
    atEndOfTurn: (run) => endOfTurn.push(run),
    random: () => {
      chance = (chance * 16_807) % 2_147_483_647;
      return chance / 2_147_483_647;
    },
  });
  const sockets = Array.from({ length: connections }, (): number[] => []);
  const outcomes: Outcome[] = [];
  let unwritten: Omit<Outcome, "took">[] = [];
  const due = [...pauses].sort(([a], [b]) => a - b);
  let next = 0;
  let sent = 0;
  const arrive = (): void => {
    for (; next <= now && next < milliseconds; next += 1 / rate(next)) sockets[sent++ % connections]?.push(next);
  };
  const enter = (connection: number, arrived: number): void => {
    now += read;
    const run = (admitted: boolean): void => {
      now += admitted ? decide : refuse;
      unwritten.push({ connection, arrived, admitted });
    };
    if (line.isFree(now)) run(true);
    else void line.wait(run, now);
  };
  while (next < milliseconds || endOfTurn.length > 0 || sockets.some((waiting) => waiting.length > 0)) {
    const [pause] = due;
    if (pause !== undefined && now >= pause[0]) {
      now += pause[1];
      due.shift();
    }
    arrive();
    if (endOfTurn.length === 0 && sockets.every((waiting) => waiting.length === 0)) now = Math.max(now, next);
    arrive();
    for (const [connection, waiting] of sockets.entries()) {
      for (const arrived of waiting.splice(0)) enter(connection, arrived);
    }
    const ends = endOfTurn;
    endOfTurn = [];
    for (const end of ends) end();
    for (const one of unwritten) outcomes.push({ ...one, took: now - one.arrived });
    unwritten = [];
  }
  return outcomes;
}
