/**
 * Times several subjects against each other. In: what to run, how long, a clock in nanoseconds. Out: the median and the spread
 * of each. Rounds are interleaved, each beginning with another subject: what the machine does meanwhile hits all of them alike.
 */

export interface Subject {
  readonly name: string;
  /** Does it once, with another input each time. */
  readonly run: (count: number) => void;
  /** What is wrong with its results; undefined = they are right. Asked before anything is timed. */
  readonly check: () => string | undefined;
}

export interface Effort {
  readonly rounds: number;
  /** Milliseconds that one subject gets in one round, about. */
  readonly batchMs: number;
}

/** Of one run, in nanoseconds, over all rounds. */
export interface Timing {
  readonly name: string;
  readonly median: number;
  readonly tenth: number;
  readonly ninetieth: number;
}

export function measure(subjects: readonly Subject[], effort: Effort, clock: () => bigint): readonly Timing[] {
  const batches = subjects.map((subject) => batchOf(subject, effort.batchMs, clock));
  const samples = subjects.map((): number[] => []);
  for (let round = 0; round < effort.rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      const at = (turn + round) % subjects.length;
      const subject = subjects[at];
      if (subject !== undefined) samples[at]?.push(time(subject, batches[at] ?? 1, clock));
    }
  }
  return subjects.map(({ name }, at) => summarize(name, samples[at] ?? []));
}

/** Warms up and finds how many runs fill a batch. */
function batchOf(subject: Subject, batchMs: number, clock: () => bigint): number {
  let count = 16;
  for (;;) {
    const elapsedMs = (time(subject, count, clock) * count) / 1e6;
    if (elapsedMs >= batchMs) return count;
    count = Math.ceil(count * Math.min(8, Math.max(1.5, batchMs / Math.max(elapsedMs, 0.001))));
  }
}

function time(subject: Subject, count: number, clock: () => bigint): number {
  const from = clock();
  for (let at = 0; at < count; at++) subject.run(at);
  return Number(clock() - from) / count;
}

function summarize(name: string, samples: readonly number[]): Timing {
  const sorted = samples.toSorted((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? Number.NaN;
  return { name, median: quantile(0.5), tenth: quantile(0.1), ninetieth: quantile(0.9) };
}
