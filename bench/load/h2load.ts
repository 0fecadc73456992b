/**
 * h2load for closed load over HTTP/1.1, where a client in Node would be the limit. In: an address, headers. Out: an outcome
 * without latencies. Effects: one process.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Outcome } from "./drive.ts";
import type { HeaderLine } from "./http2-frames.ts";

const run = promisify(execFile);

export interface H2Load {
  readonly url: string;
  readonly headers: readonly HeaderLine[];
  readonly connections: number;
  readonly seconds: number;
  readonly core: number | undefined;
}

/** Its version; undefined when it is not installed (Debian: `nghttp2-client`). */
export function h2loadVersion(): Promise<string | undefined> {
  return run("h2load", ["--version"]).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
}

/** @throws when it says nothing that can be read. */
export async function h2load({ url, headers, connections, seconds, core }: H2Load): Promise<Outcome> {
  const lines = headers.flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
  // It counts whole seconds only; less of them is a number of requests.
  const much = seconds < 0.5 ? [`-n${Math.ceil(seconds * 4000)}`] : [`-D${Math.ceil(seconds)}`, "--warm-up-time=0"];
  const args = ["--h1", "-t1", `-c${connections}`, ...much, ...lines, url];
  const [file, ...rest] = core === undefined ? ["h2load", ...args] : ["taskset", "-c", String(core), "h2load", ...args];
  if (file === undefined) throw new Error("nothing to run");
  const { stdout } = await run(file, rest, { timeout: 60_000 + seconds * 1000 });
  const number = (pattern: RegExp): number => Number(pattern.exec(stdout)?.[1] ?? Number.NaN);
  const done = number(/^requests: .{0,80}?(\d{1,12}) done/m);
  const rate = number(/^finished in [^,]{1,20}, ([\d.]{1,20}) req\/s/m);
  const good = number(/^status codes: (\d{1,12}) 2xx/m);
  if (![done, rate, good].every(Number.isFinite)) throw new Error(`h2load said: ${stdout.slice(-400)}`);
  const failed = number(/(\d{1,12}) failed/);
  return {
    ...{ seconds: done === 0 ? seconds : done / rate, allowed: good, denied: done - good },
    ...{ failed: Number.isFinite(failed) ? failed : 0, unsent: 0, buckets: [], cores: 0 },
  };
}
