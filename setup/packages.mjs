/**
 * Installs the packages of a clone when they are missing or not those of the lock file. In: the clone's folder.
 * Out: whether anything was installed. Effects: `npm ci`. Throws with what npm said and what the user can do.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { command } from "./command.mjs";

/** @returns {Promise<boolean>} whether the installed packages are exactly those of the lock file */
export async function packagesCurrent(folder) {
  const wanted = await readPackages(join(folder, "package-lock.json"));
  const present = await readPackages(join(folder, "node_modules", ".package-lock.json"));
  if (wanted === undefined || present === undefined) return false;
  return differences(wanted, present).length === 0;
}

/**
 * Names that differ. A package that npm may leave out (another platform's binary, an optional peer) may be missing.
 * @param {ReadonlyMap<string, { version?: string, optional?: boolean, integrity?: string }>} wanted
 */
export function differences(wanted, present) {
  const names = [];
  for (const [name, entry] of wanted) {
    if (!name.includes("node_modules/")) continue;
    const there = present.get(name);
    if (there === undefined ? !(entry.optional || entry.devOptional) : there.version !== entry.version)
      names.push(name);
    else if (there?.integrity !== undefined && there.integrity !== entry.integrity) names.push(name);
  }
  for (const name of present.keys()) if (!wanted.has(name)) names.push(name);
  return names;
}

async function readPackages(path) {
  try {
    return new Map(Object.entries(JSON.parse(await readFile(path, "utf8")).packages ?? {}));
  } catch {
    return undefined;
  }
}

/** @param {(text: string) => void} say */
export async function installPackages(folder, say) {
  if (await packagesCurrent(folder)) return false;
  say("installing packages (npm ci) …");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const run = await command(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: folder });
  if (run.code === 0) return true;
  if (run.missing) throw new Error("packages are missing and npm is not on the PATH: install Node.js with npm");
  throw new Error(
    `npm ci failed (exit code ${run.code}):\n${run.stderr.trim() || run.stdout.trim()}\n` +
      "Check that npm reaches its package index and that package-lock.json is unchanged, then run `npm run setup`.",
  );
}
