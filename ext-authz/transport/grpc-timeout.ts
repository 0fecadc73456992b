/**
 * The header `grpc-timeout`: digits and a unit. In: its text. Out: milliseconds, at most those that we wait without one. Pure.
 * Source: PROTOCOL-HTTP2.md, `Timeout → "grpc-timeout" TimeoutValue TimeoutUnit`, at most eight digits.
 */

/** For callers that set none; Envoy always sets one. Nobody is waited for longer. Milliseconds. */
export const LONGEST_WAIT_MS = 10_000;

const UNITS: ReadonlyMap<string, number> = new Map([
  ["H", 3_600_000],
  ["M", 60_000],
  ["S", 1000],
  ["m", 1],
  ["u", 1 / 1000],
  ["n", 1 / 1_000_000],
]);

/** What cannot be read is as if it were not there: we still do not wait for ever. */
export function timeoutMs(header: string | undefined): number {
  if (header === undefined || !/^\d{1,8}[HMSmun]$/.test(header)) return LONGEST_WAIT_MS;
  const unit = UNITS.get(header.slice(-1)) ?? LONGEST_WAIT_MS;
  return Math.min(Number(header.slice(0, -1)) * unit, LONGEST_WAIT_MS);
}
