/**
 * The load client as a process of its own, so that it can have a core of its own. In: jobs by message, exchanges in a file
 * that `loader.ts` packed. Out: outcomes by message. Ends when its parent does.
 */
import { readFile } from "node:fs/promises";
import { deserialize } from "node:v8";
import { drive, type Load, type Outcome } from "./drive.ts";
import type { Exchange } from "./http2-frames.ts";

export interface Job extends Omit<Load, "exchanges"> {
  readonly file: string;
  /** Which of the file's exchanges. */
  readonly from: number;
  readonly count: number;
}

export type Answer = { readonly outcome: Outcome } | { readonly error: string };

const files = new Map<string, readonly Exchange[]>();

async function exchangesOf(file: string): Promise<readonly Exchange[]> {
  const known = files.get(file);
  if (known !== undefined) return known;
  const read: readonly Exchange[] = deserialize(await readFile(file));
  files.set(file, read);
  return read;
}

async function run({ file, from, count, ...load }: Job): Promise<Answer> {
  try {
    const exchanges = (await exchangesOf(file)).slice(from, from + count);
    return { outcome: await drive({ ...load, exchanges }) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

process.on("message", (job: Job) => {
  void run(job).then((answer) => process.send?.(answer));
});
process.on("disconnect", () => process.exit(0));
process.send?.("ready");
