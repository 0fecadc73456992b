/**
 * Latencies of many answers in little room. In: milliseconds, one by one. Out: counts by bucket, each 1% wide; quantiles
 * of them. No effects.
 */

/** Bucket number to answers in it. */
export type Latencies = ReadonlyMap<number, number>;

const PER_E = 100;

/** Counts one answer. */
export function count(buckets: Map<number, number>, milliseconds: number): void {
  const bucket = Math.floor(Math.log(Math.max(milliseconds, 1e-4)) * PER_E);
  buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
}

/** @returns milliseconds that a share of the answers did not exceed, to 1%; NaN when there were none */
export function quantile(latencies: Latencies, share: number): number {
  const total = [...latencies.values()].reduce((sum, answers) => sum + answers, 0);
  const wanted = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (const bucket of [...latencies.keys()].sort((a, b) => a - b)) {
    seen += latencies.get(bucket) ?? 0;
    if (seen >= wanted) return Math.exp((bucket + 0.5) / PER_E);
  }
  return Number.NaN;
}
