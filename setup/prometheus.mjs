/**
 * A real Prometheus, for the tests that ask it the dashboard's questions. In: a Debian system's package index. Out: the folder
 * with `prometheus` and `promtool`, on standard output. Effects: the git-ignored cache; nothing is installed. Never part of
 * `npm test`: without it those tests say that they were skipped. Exit codes: 0 done, 3 could not.
 */
import { access, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { command, lastLine } from "./command.mjs";
import { cacheFolder } from "./folders.mjs";
import { takeLock } from "./lock.mjs";

const PACKAGE = "prometheus";

/** Where the binaries are; they may not be there. */
export function prometheusFolder() {
  return join(cacheFolder(), "prometheus", "usr", "bin");
}

/** @returns {Promise<boolean>} */
export async function hasPrometheus() {
  return access(join(prometheusFolder(), "prometheus")).then(
    () => true,
    () => false,
  );
}

/** @returns the folder with the binaries, unpacked when they are not there yet */
export async function getPrometheus(say = (_text) => {}) {
  const target = join(cacheFolder(), "prometheus");
  const release = await takeLock(`${target}.lock`);
  try {
    if (await hasPrometheus()) return prometheusFolder();
    const work = await mkdtemp(join(cacheFolder(), "prometheus-"));
    try {
      say(`downloading the Debian package ${PACKAGE}`);
      // apt checks what it downloads against the signed index.
      await must("apt-get", ["download", "-q", PACKAGE], work);
      const file = (await readdir(work)).find((name) => name.endsWith(".deb"));
      if (file === undefined) throw new Error("apt-get said it downloaded, but there is no package");
      const tree = join(work, "tree");
      await mkdir(tree);
      await must("dpkg", ["-x", file, tree], work);
      await rm(target, { recursive: true, force: true });
      await rename(tree, target);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return prometheusFolder();
  } finally {
    await release();
  }
}

async function must(file, args, cwd) {
  const run = await command(file, args, { cwd, timeoutMs: 600_000 });
  if (run.missing) throw new Error(`${file} is not there: this takes Prometheus from a Debian package`);
  if (run.code !== 0) throw new Error(`${file} failed (exit code ${run.code}): ${lastLine(run.stderr)}`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = await getPrometheus((text) => process.stderr.write(`prometheus: ${text}\n`)).then(
    (folder) => {
      process.stdout.write(`${folder}\n`);
      return 0;
    },
    (error) => {
      process.stderr.write(`prometheus: ${error.message}\n`);
      return 3;
    },
  );
}
