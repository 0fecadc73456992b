/**
 * Closed and open load on one server. In: connections' number, what to send, how. Out: what came back and how long it took.
 * Closed: so many exchanges are under way at any time. Open: an even rate that does not care for answers, each latency
 * counted from when its request was to be written, so that a slow server cannot make its own load lighter.
 */
import { type Connection, openConnection, type Verdict } from "./connection.ts";
import type { Exchange } from "./http2-frames.ts";
import { count } from "./latencies.ts";

export interface Load {
  readonly host: string;
  readonly port: number;
  readonly grpc: boolean;
  readonly connections: number;
  /** Sent in turn, from the first on. */
  readonly exchanges: readonly Exchange[];
  readonly way:
    | { readonly kind: "closed"; readonly underWay: number; readonly seconds: number }
    /** Each exchange once. */
    | { readonly kind: "each"; readonly underWay: number }
    /** `spin`: this core is ours alone, so wait by polling, which is more even than a timer of a millisecond. */
    | { readonly kind: "open"; readonly rate: number; readonly seconds: number; readonly spin: boolean };
}

export interface Outcome {
  /** Between the first request and the last answer. */
  readonly seconds: number;
  readonly allowed: number;
  readonly denied: number;
  readonly failed: number;
  /** Not sent, since too many were under way. */
  readonly unsent: number;
  readonly buckets: readonly (readonly [bucket: number, answers: number])[];
  /** Of this process, while it ran. Near 1 and without `spin`, the client was the limit. */
  readonly cores: number;
}

const MAX_UNDER_WAY = 20_000;
const SETTLE_MS = 5_000;

export async function drive(load: Load): Promise<Outcome> {
  const tally: Record<Verdict, number> = { allowed: 0, denied: 0, failed: 0 };
  const buckets = new Map<number, number>();
  const { way, exchanges } = load;
  let unsent = 0;
  let sent = 0;
  let last = 0;
  let stopAt = Number.POSITIVE_INFINITY;
  const next = (): Exchange | undefined => {
    if (way.kind === "each" && sent >= exchanges.length) return undefined;
    return exchanges[sent++ % exchanges.length];
  };
  const answered = (verdict: Verdict, sentAt: number, now: number, from: number): void => {
    tally[verdict]++;
    count(buckets, now - sentAt);
    last = now;
    const connection = connections[from];
    // A lane ends with its connection: no loop of failures.
    if (way.kind === "open" || verdict === "failed" || now >= stopAt || connection === undefined) return;
    const exchange = next();
    if (exchange !== undefined) connection.send(exchange, from);
  };
  const connections: readonly Connection[] = await Promise.all(
    Array.from({ length: load.connections }, () => openConnection(load.host, load.port, load.grpc, answered)),
  );
  const underWay = (): number => connections.reduce((sum, connection) => sum + connection.underWay(), 0);
  const cpu = process.cpuUsage();
  const begun = performance.now();
  last = begun;
  if (way.kind === "open") {
    let due = 0;
    await turns(way.spin, () => {
      const elapsed = performance.now() - begun;
      for (; due < (way.rate * Math.min(elapsed, way.seconds * 1000)) / 1000; due++) {
        const exchange = next();
        const from = due % connections.length;
        if (exchange === undefined || underWay() >= MAX_UNDER_WAY) unsent++;
        else connections[from]?.send(exchange, from);
      }
      for (const connection of connections) connection.flush();
      return elapsed < way.seconds * 1000;
    });
  } else {
    if (way.kind === "closed") stopAt = begun + way.seconds * 1000;
    for (let lane = 0; lane < way.underWay; lane++) {
      const exchange = next();
      const from = lane % connections.length;
      if (exchange !== undefined) connections[from]?.send(exchange, from);
    }
    for (const connection of connections) connection.flush();
  }
  const ends = way.kind === "closed" ? stopAt + SETTLE_MS : Number.POSITIVE_INFINITY;
  let quiet = performance.now() + SETTLE_MS;
  let before = -1;
  while (underWay() > 0 && performance.now() < Math.min(ends, quiet)) {
    const total = tally.allowed + tally.denied;
    if (total !== before) quiet = performance.now() + SETTLE_MS;
    before = total;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const left = underWay();
  const { user, system } = process.cpuUsage(cpu);
  const elapsedMs = performance.now() - begun;
  for (const connection of connections) connection.close();
  const cores = (user + system) / 1000 / elapsedMs;
  const { allowed, denied, failed } = tally;
  return {
    seconds: (last - begun) / 1000,
    allowed,
    denied,
    failed: failed + left,
    unsent,
    buckets: [...buckets],
    cores,
  };
}

/** Calls until it says no: at each turn of the event loop, or at each tick of a timer. */
function turns(spin: boolean, turn: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const step = (): void => {
      if (!turn()) resolve();
      else if (spin) setImmediate(step);
      else setTimeout(step, 1);
    };
    step();
  });
}
