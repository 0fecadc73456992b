/**
 * Which process runs on which core, and what it used there. In: process ids. Out: whether pinning works here; CPU time from
 * /proc. Effects: `taskset`, where it is installed.
 */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface Cores {
  /** For what is measured. */
  readonly subject: number | undefined;
  /** For the load, and for helpers of the subject. */
  readonly load: number | undefined;
}

/** Two cores of our own when there are two and `taskset`, else none: the caller says which it was. */
export async function coresHere(): Promise<Cores> {
  const there = await run("taskset", ["--version"]).then(
    () => true,
    () => false,
  );
  return there && cpus().length >= 2 ? { subject: 0, load: 1 } : { subject: undefined, load: undefined };
}

/** The same program, but from its first moment on one core: Go's runtime counts cores once, at start. */
export function onCore(
  core: number | undefined,
  file: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  return core === undefined ? [file, args] : ["taskset", ["-c", String(core), file, ...args]];
}

/** All threads of a process that is there already; those that it makes later follow. */
export async function pin(pid: number, core: number | undefined): Promise<void> {
  if (core === undefined) return;
  await run("taskset", ["-a", "-c", "-p", String(core), String(pid)]);
}

/** Hertz of the clock in /proc/PID/stat: 100 on every Linux that Node runs on. */
const TICKS = 100;

/** Seconds of CPU time, user and system, that a process has used; to 10 ms. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const [user = "", system = ""] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) / TICKS;
}
