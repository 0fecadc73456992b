/**
 * Load on one listener, and what it cost. In: a port, a protocol, a number of requests. Out: the rate, and CPU time of the
 * server's process for each request, which another's load on the machine moves far less. Effects: runs h2load, reads /proc.
 */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Cost {
  readonly requestsPerSecond: number;
  /** Microseconds of all threads. */
  readonly cpu: number;
}

export type Protocol = "h1" | "h2";

const shape: Readonly<Record<Protocol, readonly string[]>> = {
  h1: ["--h1", "-c", "20"],
  h2: ["-c", "4", "-m", "10"],
};

/**
 * @param headers as `name: value`; @param url path and query.
 * @throws when h2load is missing, or any answer is not 2xx.
 */
export async function load(
  pid: number,
  port: number,
  protocol: Protocol,
  requests: number,
  headers: readonly string[],
  url: string,
): Promise<Cost> {
  const lines = headers.flatMap((line) => ["-H", line]);
  const before = cpuNanoseconds(pid);
  const { stdout } = await run("h2load", [
    ...[...shape[protocol], "-t", "1", "-n", String(requests)],
    ...[...lines, `http://127.0.0.1:${port}${url}`],
  ]).catch((error: unknown) => {
    throw new Error("h2load does not run (Debian: nghttp2-client)", { cause: error });
  });
  const after = cpuNanoseconds(pid);
  const good = Number(/status codes: (\d+) 2xx/.exec(stdout)?.[1]);
  if (good !== requests) throw new Error(`${good} of ${requests} answers were good:\n${stdout}`);
  return {
    requestsPerSecond: Number(/([\d.]+) req\/s/.exec(stdout)?.[1]),
    cpu: (after - before) / requests / 1000,
  };
}

/** Time on a CPU of every thread; threads of Envoy do not end while it serves. */
function cpuNanoseconds(pid: number): number {
  const folder = `/proc/${pid}/task`;
  let sum = 0;
  for (const thread of readdirSync(folder)) {
    sum += Number(readFileSync(`${folder}/${thread}/schedstat`, "latin1").split(" ")[0]);
  }
  return sum;
}
