/** Policy files from disk: folders are read whole, in name order. Effect: reads files. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

export interface ResourceFile {
  readonly file: string;
  readonly text: string;
}

const YAML = /\.(?:ya?ml|json)$/;

/** @throws when a path is missing or cannot be read: a policy that is not there must not pass for one that allows. */
export async function loadFiles(paths: readonly string[]): Promise<readonly ResourceFile[]> {
  const files = (await Promise.all(paths.map(list))).flat();
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(file, "utf8") })));
}

async function list(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch((error: Error) => {
    throw new Error(`policies: ${path}: ${error.message}`);
  });
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  // `..data` and its like: the bookkeeping of a mounted ConfigMap, whose files stand beside it as links.
  const wanted = entries.filter((entry) => !entry.name.startsWith(".")).sort((a, b) => (a.name < b.name ? -1 : 1));
  const nested = await Promise.all(
    wanted.map((entry) => {
      const full = join(path, entry.name);
      if (entry.isDirectory()) return list(full);
      return YAML.test(entry.name) ? [full] : [];
    }),
  );
  return nested.flat();
}
