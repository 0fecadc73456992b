/**
 * Starts the load client and gives it work. In: the core it gets, exchanges, loads. Out: outcomes. Effects: one process,
 * files of exchanges in a folder of the caller's. One job at a time.
 */
import { type ChildProcess, fork } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serialize } from "node:v8";
import type { Outcome } from "./drive.ts";
import type { Exchange } from "./http2-frames.ts";
import type { Answer, Job } from "./load-process.ts";
import { pin } from "./pin.ts";
import { typescriptArguments } from "./typescript.ts";

export interface Packed {
  readonly file: string;
  readonly count: number;
}

export interface Loader {
  readonly pid: number;
  /** Keeps exchanges where the client finds them; made once for each name. */
  pack(name: string, make: () => readonly Exchange[]): Promise<Packed>;
  /** @throws when the client could not do it: no connection, say. */
  run(job: Job): Promise<Outcome>;
  stop(): Promise<void>;
}

/** @param core undefined = wherever the system puts it */
export async function startLoader(folder: string, core: number | undefined): Promise<Loader> {
  const child = fork(fileURLToPath(new URL("./load-process.ts", import.meta.url)), {
    execArgv: [...typescriptArguments],
    stdio: ["ignore", 2, 2, "ipc"],
  });
  const endWithUs = (): void => void child.kill("SIGKILL");
  process.once("exit", endWithUs);
  await message(child);
  const pid = child.pid ?? -1;
  const packs = new Map<string, Packed>();
  if (core !== undefined) await pin(pid, core);
  return {
    pid,
    async pack(name, make) {
      const known = packs.get(name);
      if (known !== undefined) return known;
      const exchanges = make();
      const packed = { file: join(folder, `${name}.exchanges`), count: exchanges.length };
      await writeFile(packed.file, serialize(exchanges));
      packs.set(name, packed);
      return packed;
    },
    async run(job) {
      child.send(job);
      const answer = await message(child);
      if (typeof answer !== "object" || answer === null || !isAnswer(answer))
        throw new Error("the load client spoke nonsense");
      if ("error" in answer) throw new Error(`the load client: ${answer.error}`);
      return answer.outcome;
    },
    async stop() {
      process.off("exit", endWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.disconnect();
      await gone;
    },
  };
}

function isAnswer(value: object): value is Answer {
  return "outcome" in value || "error" in value;
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error("the load client ended"));
    child.once("exit", gone);
    child.once("message", (said) => {
      child.off("exit", gone);
      resolve(said);
    });
  });
}
