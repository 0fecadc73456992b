/**
 * A folder of rendered files against what they should be. In: folder, files, the origin that our files' heads name. Out: what
 * differs. Effects: reads, and in `writeFolder` writes and removes files. A file without our head is somebody else's: it is
 * never overwritten nor removed. Each file is replaced by renaming, as Envoy's watching needs.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Rendered } from "../render/render.ts";
import { UsageError } from "./command.ts";

export interface Difference {
  readonly file: string;
  /** stale: an earlier run wrote it, and it is no longer made. */
  readonly state: "missing" | "different" | "stale";
  /** What stands there was not written by `countersign render`. */
  readonly foreign?: true;
}

const MAX_DEPTH = 4;
const MAX_FILES = 10_000;
const HEAD_LENGTH = 1000;

export async function compareFolder(folder: string, files: Rendered, head: string): Promise<readonly Difference[]> {
  const found: Difference[] = [];
  for (const [file, { text }] of files) {
    const written = await readFile(join(folder, file), "utf8").catch(absent);
    if (written === undefined) found.push({ file, state: "missing" });
    else if (written !== text)
      found.push({ file, state: "different", ...(isForeign(file, written) && { foreign: true }) });
  }
  for (const file of await filesBelow(folder, "", 0)) {
    if (files.has(file)) continue;
    const text = await readFile(join(folder, file), "utf8").catch(absent);
    if (text?.slice(0, HEAD_LENGTH).includes(`# Written by ${head}:`)) found.push({ file, state: "stale" });
  }
  return found;
}

function isForeign(file: string, text: string): boolean {
  return file.endsWith(".yaml") && !text.slice(0, HEAD_LENGTH).includes("# Written by `countersign render ");
}

/** @throws UsageError before anything is written, when somebody else's file is in the way. */
export async function writeFolder(folder: string, files: Rendered, differences: readonly Difference[]): Promise<void> {
  const inTheWay = differences.filter(({ foreign }) => foreign === true).map(({ file }) => file);
  if (inTheWay.length > 0) throw new UsageError(`${folder} has files of somebody else: ${inTheWay.join(", ")}`);
  for (const { file, state } of differences) {
    const path = join(folder, file);
    const content = files.get(file);
    if (state === "stale" || content === undefined) {
      await rm(path);
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    const next = join(dirname(path), `.${process.pid}.next`);
    await writeFile(next, content.text, { mode: content.secret ? 0o600 : 0o644 });
    await rename(next, path);
  }
}

async function filesBelow(folder: string, below: string, depth: number): Promise<readonly string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch(absent);
  const names: string[] = [];
  for (const entry of entries ?? []) {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory() && depth < MAX_DEPTH) names.push(...(await filesBelow(folder, name, depth + 1)));
    else if (entry.isFile() && name.endsWith(".yaml")) names.push(name);
    if (names.length > MAX_FILES) throw new Error(`${folder}: more than ${MAX_FILES} files`);
  }
  return names.sort();
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
  return undefined;
}
