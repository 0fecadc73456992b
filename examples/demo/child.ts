/**
 * One process of the demo or of a test, with a life. In: what to run. Out: its lines, its tail, a way to stop it.
 * Effects: the process. It is stopped by its own id, first politely, then for sure; and it ends when we exit, or by a signal that
 * nobody else handles. Only SIGKILL leaves it behind.
 */
import { type ChildProcess, spawn } from "node:child_process";

const TAIL_LINES = 40;
const STOP_MS = 5_000;
const ENDING = ["SIGHUP", "SIGINT", "SIGTERM"] as const;
const living = new Set<ChildProcess>();

export interface Child {
  readonly name: string;
  readonly pid: number;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
  running(): boolean;
  /** The last lines that it wrote. */
  tail(): string;
  /** The first line, past or coming, for which `pick` gives a value. @throws StartError when it ends or says nothing in time. */
  line<T>(pick: (line: string) => T | undefined, timeoutMs?: number): Promise<T>;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

/** A part did not come up. The message ends with what that part said last. */
export class StartError extends Error {
  override readonly name = "StartError";
}

export function startError(child: Child, what: string): StartError {
  const tail = child.tail();
  return new StartError(`${child.name} ${what}${tail === "" ? " and wrote nothing" : `; its last lines:\n${tail}`}`);
}

export function startChild(name: string, file: string, args: readonly string[], cwd: string): Child {
  const child = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"], env: environment() });
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  let ended = false;
  const take = (line: string): void => {
    lines.push(line);
    if (lines.length > TAIL_LINES) lines.shift();
    for (const listen of [...listeners]) listen(line);
  };
  readLines(child, take);
  living.add(child);
  endThemWithUs();
  const gone = new Promise<void>((resolve) => {
    const end = (why: string): void => {
      ended = true;
      living.delete(child);
      take(why);
      resolve();
    };
    child.once("error", (error) => end(`could not start: ${error.message}`));
    child.once("close", (code, signal) => end(`ended with ${signal ?? `exit code ${code}`}`));
  });
  const self: Child = {
    name,
    pid: child.pid ?? -1,
    gone,
    running: () => !ended,
    tail: () => lines.map((line) => `  ${line.slice(0, 400)}`).join("\n"),
    line: (pick, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const finish = (): void => {
          clearTimeout(timer);
          listeners.delete(listen);
        };
        const listen = (line: string): void => {
          const found = pick(line);
          if (found === undefined) return;
          finish();
          resolve(found);
        };
        const timer = setTimeout(() => {
          finish();
          reject(startError(self, `said nothing of use for ${timeoutMs / 1000} s`));
        }, timeoutMs);
        listeners.add(listen);
        for (const line of [...lines]) listen(line);
        void gone.then(() => {
          finish();
          reject(startError(self, "ended"));
        });
      }),
    stop: async (signal = "SIGTERM") => {
      if (ended) return;
      child.kill(signal);
      const force = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await gone;
      clearTimeout(force);
    },
  };
  return self;
}

let watches = false;

/** Once for all: on exit, and before a signal does what it does by default. Whoever handles that signal decides himself. */
function endThemWithUs(): void {
  if (watches) return;
  watches = true;
  const end = (): void => {
    for (const child of living) child.kill("SIGKILL");
  };
  process.once("exit", end);
  for (const signal of ENDING) {
    const handle = (): void => {
      if (process.listenerCount(signal) > 1) return;
      end();
      process.off(signal, handle);
      process.kill(process.pid, signal);
    };
    process.on(signal, handle);
  }
}

/** A proxy configured in our environment must not come between parts on loopback. */
function environment(): NodeJS.ProcessEnv {
  return { ...process.env, NO_PROXY: "127.0.0.1,localhost", no_proxy: "127.0.0.1,localhost", NODE_OPTIONS: "" };
}

function readLines(child: ChildProcess, take: (line: string) => void): void {
  for (const stream of [child.stdout, child.stderr]) {
    let rest = "";
    stream?.setEncoding("utf8");
    stream?.on("data", (text: string) => {
      const parts = (rest + text).split("\n");
      rest = parts.pop() ?? "";
      for (const part of parts) take(part);
    });
  }
}
