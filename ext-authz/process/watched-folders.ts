/**
 * What watched paths look like on disk. In: files and folders. Out: a fingerprint of everything below them, and hints from
 * the system when something moved. Effects: reads names and times, never contents; watches folders.
 */
import { type FSWatcher, watch } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

const MAX_ENTRIES = 20_000;
const MAX_DEPTH = 16;

export interface WatchedFolders {
  fingerprint(): Promise<string>;
  hints(hint: () => void): () => void;
}

/** Follows links, so that a swapped `..data` of a mounted ConfigMap or Secret shows as other files. */
export function watchedFolders(paths: readonly string[]): WatchedFolders {
  const watchers = new Map<string, FSWatcher>();
  let tell: (() => void) | undefined;

  /** A file is watched by its folder: who replaces it makes another file of the same name. */
  const follow = (folders: ReadonlySet<string>): void => {
    if (tell === undefined) return;
    for (const [folder, watcher] of watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of folders) {
      if (!watchers.has(folder)) open(folder);
    }
  };
  const open = (folder: string): void => {
    try {
      const watcher = watch(folder, { persistent: false }, () => tell?.());
      watcher.on("error", () => {
        watcher.close();
        watchers.delete(folder);
      });
      watchers.set(folder, watcher);
    } catch {
      // Gone, or the system has no watchers left: the slow look remains.
    }
  };
  return {
    async fingerprint() {
      const folders = new Set<string>();
      const lines: string[] = [];
      for (const path of paths) {
        folders.add(dirname(path));
        await describe(path, [], lines, folders);
      }
      follow(folders);
      return lines.join("\n");
    },
    hints(hint) {
      tell = hint;
      return () => {
        tell = undefined;
        for (const watcher of watchers.values()) watcher.close();
        watchers.clear();
      };
    },
  };
}

async function describe(path: string, above: readonly string[], lines: string[], folders: Set<string>): Promise<void> {
  if (lines.length >= MAX_ENTRIES) return;
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  if (found === undefined) return void lines.push(`${path} gone`);
  if (!found.isDirectory()) {
    return void lines.push(`${path} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`);
  }
  const real = await realpath(path).catch(() => path);
  lines.push(`${path} ${real}`);
  if (above.includes(real) || above.length >= MAX_DEPTH) return;
  folders.add(path);
  const names = await readdir(path).catch(() => []);
  for (const name of names.sort()) {
    if (!name.startsWith(".")) await describe(join(path, name), [...above, real], lines, folders);
  }
}
