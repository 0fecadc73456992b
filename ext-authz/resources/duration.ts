/** In: a duration as Istio and Kubernetes write it (`5s`, `100ms`, `1h30m`, `1.5s`). Out: milliseconds. Pure. */

const UNITS: ReadonlyMap<string, number> = new Map([
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
  ["us", 0.001],
  ["µs", 0.001],
  ["ns", 0.000001],
]);

/** Go's `time.ParseDuration` without sign. @returns milliseconds, or undefined when the text is no duration */
export function parseDuration(text: string): number | undefined {
  if (text === "0") return 0;
  if (text.length === 0 || text.length > 32) return undefined;
  let total = 0;
  for (let at = 0; at < text.length; ) {
    const part = /^([0-9]{1,15}(?:\.[0-9]{1,15})?)([a-zµ]{1,2})/.exec(text.slice(at));
    const unit = UNITS.get(part?.[2] ?? "");
    if (part === null || unit === undefined) return undefined;
    total += Number(part[1]) * unit;
    at += part[0].length;
  }
  return total;
}
