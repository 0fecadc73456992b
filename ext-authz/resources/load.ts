/**
 * Policy files from disk: folders are read whole, in name order, through links. Effects: reads files, waits for writers.
 *
 * A policy that is not read is a policy that does not refuse. So whatever stands in the way (a path that is gone, a pipe,
 * a file that is being written, a loop of links) fails the whole load, and the last good set stays.
 */
import { readdir, readFile, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

export interface ResourceFile {
  readonly file: string;
  readonly text: string;
}

const YAML = /\.(?:ya?ml|json)$/i;
const MAX_BYTES = 10 * 1024 * 1024;
const MAX_FILES = 10_000;
const MAX_DEPTH = 16;
/** A file that changed this recently may be half there: `cp` and `>` empty it first. */
const QUIET_MS = 100;
const MAX_TRIES = 20;

/** @throws Error that names the path and what is wrong with it. */
export async function loadFiles(paths: readonly string[]): Promise<readonly ResourceFile[]> {
  const files = [...new Set((await Promise.all(paths.map((path) => list(path, [])))).flat())];
  if (files.length > MAX_FILES) throw new Error(`policies: more than ${MAX_FILES} files`);
  return Promise.all(files.map(async (file) => ({ file, text: await readSettled(file) })));
}

/** @param above real paths of the folders that lead here */
async function list(path: string, above: readonly string[]): Promise<readonly string[]> {
  if (!(await found(path)).isDirectory()) return [path];
  const real = await realpath(path);
  if (above.includes(real)) throw new Error(`policies: ${path}: the folder stands inside itself, through a link`);
  if (above.length >= MAX_DEPTH) throw new Error(`policies: ${path}: more than ${MAX_DEPTH} folders deep`);
  // `..data` and its like: the bookkeeping of a mounted ConfigMap, whose files stand beside it as links.
  const names = (await readdir(path)).filter((name) => !name.startsWith(".")).sort();
  const nested = await Promise.all(
    names.map(async (name) => {
      const full = join(path, name);
      if ((await found(full)).isDirectory()) return list(full, [...above, real]);
      return YAML.test(name) ? [full] : [];
    }),
  );
  return nested.flat();
}

async function found(path: string) {
  return stat(path).catch((error: Error) => {
    throw new Error(`policies: ${path}: ${error.message}`);
  });
}

async function readSettled(file: string): Promise<string> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await found(file);
    if (!before.isFile()) throw new Error(`policies: ${file}: not a file`);
    if (before.size > MAX_BYTES) throw new Error(`policies: ${file}: larger than ${MAX_BYTES} bytes`);
    const age = Date.now() - before.mtimeMs;
    if (age >= 0 && age < QUIET_MS) {
      await wait(QUIET_MS - age);
      continue;
    }
    const text = await readFile(file, "utf8");
    const after = await found(file);
    if (after.mtimeMs === before.mtimeMs && after.size === before.size && after.ino === before.ino) return text;
  }
  throw new Error(`policies: ${file}: is being written all the time`);
}
