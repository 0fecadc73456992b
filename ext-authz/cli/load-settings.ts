/** Settings and policies for the commands: read from disk, or every problem printed the same way. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { defaults } from "../config/defaults.ts";
import { readSettings } from "../config/read-settings.ts";
import type { Settings } from "../config/settings.ts";
import { readArtifactFile } from "../resources/access-policy-artifact.ts";
import { loadFiles, type ResourceFile } from "../resources/load.ts";
import { readResources } from "../resources/read.ts";
import type { Problem, Resource } from "../resources/resource.ts";
import { err, ok, type Result } from "../result.ts";
import { UsageError } from "./command.ts";

const DEFAULT_FILE = "countersign.yaml";

/**
 * @param path undefined = `countersign.yaml` here, or the defaults when there is none.
 * @throws UsageError when a file that was named cannot be read.
 */
export async function loadSettings(path: string | undefined): Promise<Result<Settings, readonly Problem[]>> {
  const file = path ?? process.env["COUNTERSIGN_CONFIG"] ?? DEFAULT_FILE;
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" && file === DEFAULT_FILE) return undefined;
    throw new UsageError(`cannot read ${file}: ${error.message}`);
  });
  if (text === undefined) return ok(defaults);
  return readSettings({ file, text, folder: dirname(resolve(file)), cores: availableParallelism() });
}

export interface Loaded {
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
}

/** Resources of all files. Warnings come beside the resources; any error means none of them may be used. */
export async function loadResources(paths: readonly string[]): Promise<Result<Loaded, readonly Problem[]>> {
  const files = await loadFiles(paths);
  const read = readResources(files, readArtifactFile);
  const problems = [...read.problems, ...emptyFiles(files, read)];
  return problems.some((problem) => problem.severity === "error") ? err(problems) : ok({ ...read, problems });
}

/** A file in which nothing stands was emptied, or is not written yet: what stood there may have refused something. */
export function emptyFiles(files: readonly ResourceFile[], read: Loaded): readonly Problem[] {
  const speaking = new Set([...read.resources, ...read.problems].map(({ file }) => file));
  return files
    .filter(({ file }) => !speaking.has(file))
    .map(({ file }) => ({
      ...{ file, line: 1, column: 1, path: "", severity: "error" as const },
      message: "nothing stands in this file",
      hint: "remove it, or give it another ending than .yaml",
    }));
}

/** `file:line:column: error: path: message (hint)` */
export function formatProblem(problem: Problem): string {
  const path = problem.path === "" ? "" : `${problem.path}: `;
  const hint = problem.hint === undefined ? "" : ` (${problem.hint})`;
  return `${problem.file}:${problem.line}:${problem.column}: ${problem.severity}: ${path}${problem.message}${hint}`;
}
