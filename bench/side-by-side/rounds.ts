/**
 * Takes turns. In: subjects that can be loaded for a moment. Out: for each what its rounds came to: median, spread, its rounds,
 * CPU time by process. Each round begins with another subject: what the machine does meanwhile hits all of them alike.
 * Effects: what the subjects do; reads /proc.
 */
import type { Outcome } from "../load/drive.ts";
import { type Latencies, quantile } from "../load/latencies.ts";
import { cpuSeconds } from "../load/pin.ts";
import { median } from "../median.ts";

export interface Process {
  readonly name: string;
  readonly pid: number;
}

export interface Subject {
  readonly name: string;
  readonly processes: readonly Process[];
  /** Before its turn, untimed. */
  readonly prepare?: (round: number) => Promise<void>;
  readonly load: (round: number) => Promise<Outcome>;
}

export interface Round {
  /** Right answers per second. */
  readonly rate: number;
  readonly latencies: Latencies;
}

export interface Result {
  readonly subject: string;
  /** What was loaded how; equal ones are compared. */
  readonly scenario: string;
  /** Right answers per second: median of the rounds, the least and the most. */
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  /** In their order: those of one number took turns with each other. */
  readonly rounds: readonly Round[];
  /** Microseconds of CPU time per answer, by process. */
  readonly cpu: ReadonlyMap<string, number>;
  /** Answers that were not an allow, and requests without answer or not sent. */
  readonly wrong: number;
  /** CPU time over wall time of the load client: near 1, it was the limit. */
  readonly client: number;
}

export async function takeTurns(
  scenario: string,
  subjects: readonly Subject[],
  rounds: number,
): Promise<readonly Result[]> {
  const all = subjects.map((): { outcome: Outcome; cpu: readonly number[] }[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      const at = (turn + round) % subjects.length;
      const subject = subjects[at];
      if (subject === undefined) continue;
      await subject.prepare?.(round);
      const before = await used(subject);
      const outcome = await subject.load(round);
      const after = await used(subject);
      all[at]?.push({ outcome, cpu: after.map((seconds, process) => seconds - (before[process] ?? 0)) });
    }
  }
  return subjects.map((subject, at) => summary(scenario, subject, all[at] ?? []));
}

function used({ processes }: Subject): Promise<readonly number[]> {
  return Promise.all(processes.map(({ pid }) => cpuSeconds(pid)));
}

function summary(
  scenario: string,
  subject: Subject,
  rounds: readonly { readonly outcome: Outcome; readonly cpu: readonly number[] }[],
): Result {
  const outcomes = rounds.map(({ outcome }) => outcome);
  const rates = outcomes.map(({ allowed, seconds }) => allowed / seconds).sort((a, b) => a - b);
  const sum = (of: (outcome: Outcome) => number): number => outcomes.reduce((total, outcome) => total + of(outcome), 0);
  const answers = sum(({ allowed, denied }) => allowed + denied);
  const cpu = subject.processes.map(({ name }, process) => {
    const seconds = rounds.reduce((total, round) => total + (round.cpu[process] ?? 0), 0);
    return [name, (seconds * 1e6) / Math.max(1, answers)] as const;
  });
  return {
    ...{ subject: subject.name, scenario, cpu: new Map(cpu) },
    ...{ rate: rates[Math.floor(rates.length / 2)] ?? 0, low: rates[0] ?? 0, high: rates.at(-1) ?? 0 },
    rounds: outcomes.map(({ allowed, seconds, buckets }) => ({ rate: allowed / seconds, latencies: new Map(buckets) })),
    wrong: sum(({ denied, failed, unsent }) => denied + failed + unsent),
    client: sum(({ cores }) => cores) / Math.max(1, outcomes.length),
  };
}

/** Milliseconds that a share of the answers did not exceed, in the middle one of the rounds: one stall spoils one of them. */
export function latency({ rounds }: Result, share: number): number {
  return median(rounds.map(({ latencies }) => quantile(latencies, share)));
}

/** How many milliseconds longer a share of the answers took, in the middle one of the rounds. */
export function latencyGap(mine: Result, theirs: Result, share: number): number {
  return median(
    mine.rounds.flatMap(({ latencies }, at) => {
      const other = theirs.rounds[at];
      return other === undefined ? [] : [quantile(latencies, share) - quantile(other.latencies, share)];
    }),
  );
}

/** Rate over rate, in the middle one of the rounds: a machine that slows down for seconds slows both. */
export function rateRatio(mine: Result, theirs: Result): number {
  return median(
    mine.rounds.flatMap(({ rate }, at) => {
      const other = theirs.rounds[at];
      return other === undefined || other.rate === 0 ? [] : [rate / other.rate];
    }),
  );
}
