/**
 * Compiles a filter the way the README says. In: an entry file below the repository. Out: the module's bytes.
 * Effects: runs asc; writes only into a temporary folder that is removed again.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ABORT = "abort=~lib/proxy-wasm-sdk-as/assembly/abort/abort";

export async function compile(entry: string, flags: readonly string[] = ["--use", ABORT]): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), "filter-"));
  const out = join(folder, "filter.wasm");
  const asc = join(root, "node_modules/assemblyscript/bin/asc.js");
  const build = ["-O", "--runtime", "incremental", "--exportStart", "_initialize", "-o", out];
  try {
    await promisify(execFile)(process.execPath, [asc, entry, ...build, ...flags], { cwd: root });
    return await readFile(out);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function example(name: string): string {
  return `wasm-filter/proxy-wasm-sdk-as/examples/${name}/assembly/index.ts`;
}
