/**
 * Where things live. In: this file's own place and the environment. Out: paths only; nothing is made here.
 * A clone keeps its cache inside itself (git-ignored); an installed package keeps it in the user's cache folder, since
 * `node_modules` is thrown away by every install.
 */
import { homedir } from "node:os";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** The package: the folder that holds package.json. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * @param {string} [folder] the package
 * @param {NodeJS.ProcessEnv} [env]
 */
export function cacheFolder(folder = root, env = process.env) {
  if (!folder.split(sep).includes("node_modules")) return join(folder, ".cache");
  const base = env.XDG_CACHE_HOME?.startsWith("/") ? env.XDG_CACHE_HOME : join(homedir(), ".cache");
  return join(base, "countersign");
}
