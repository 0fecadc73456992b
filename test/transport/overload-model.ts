/**
 * A process under load, without a process: connections bring checks at an even rate, each turn of the loop reads all of them, a
 * check that is taken on costs more than one that is refused. In: rates and costs in milliseconds. Out: how long each waited
 * and what became of it. Time is a number.
 */
import { createAdmission } from "../../ext-authz/transport/admission.ts";
import { createQueueDelay } from "../../ext-authz/transport/queue-delay.ts";

export interface Load {
  readonly connections: number;
  /** Checks in a millisecond, all together, by time. */
  readonly rate: (now: number) => number;
  readonly milliseconds: number;
  /** Of a check that is taken on, and of one that is refused. */
  readonly costs: readonly [number, number];
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
  /** By how much the estimate of its wait was above its wait. */
  readonly excess: number;
}

/** Checks that one read brings, and reads of one connection in one turn: 64 KiB, as libuv does it. */
const BYTES = 1400;
const READ = 45;
const READS = 32;

export function simulate({
  connections,
  rate,
  milliseconds,
  costs,
  maxWaitMs,
  pauses = new Map(),
}: Load): readonly Outcome[] {
  let now = 0;
  let idle = 0;
  const queue = createQueueDelay(() => idle);
  const admission = createAdmission({ maxChecks: 1000, maxWaitMs }, queue);
  const sockets = Array.from({ length: connections }, (_, id) => ({ id, waiting: [] as number[] }));
  const outcomes: Outcome[] = [];
  const due = [...pauses].sort(([a], [b]) => a - b);
  let next = 0;
  let sent = 0;
  const arrive = (): void => {
    for (; next <= now && next < milliseconds; next += 1 / rate(next))
      sockets[sent++ % connections]?.waiting.push(next);
  };
  const handle = (socket: { readonly id: number }, arrived: number): void => {
    const estimate = queue.waited(socket, BYTES, now);
    const admitted = admission.admit(socket, 0, now);
    const excess = estimate - (now - arrived);
    now += admitted ? costs[0] : costs[1];
    if (admitted) admission.done();
    outcomes.push({ connection: socket.id, arrived, took: now - arrived, admitted, excess });
  };
  while (next < milliseconds || sockets.some(({ waiting }) => waiting.length > 0)) {
    const [pause] = due;
    if (pause !== undefined && now >= pause[0]) {
      now += pause[1];
      due.shift();
    }
    arrive();
    if (sockets.every(({ waiting }) => waiting.length === 0)) {
      idle += next - now;
      now = next;
      arrive();
    }
    for (const socket of sockets) {
      for (let reads = 0; reads < READS && socket.waiting.length > 0; reads++) {
        for (const arrived of socket.waiting.splice(0, READ)) handle(socket, arrived);
        arrive();
      }
    }
    queue.turned(now);
  }
  return outcomes;
}
