/**
 * h2spec, which asks an HTTP/2 server some 150 questions about RFC 9113 and RFC 7541. In: Go on the PATH. Out: the path of a
 * binary in the git-ignored cache, on standard output. Effects: the cache. Never part of `npm test`: without it those tests say
 * that they were skipped. Exit codes: 0 done, 2 wrong usage, 3 could not.
 */
import { access, mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { command, lastLine } from "./command.mjs";
import { cacheFolder } from "./folders.mjs";
import { takeLock } from "./lock.mjs";

export const h2specVersion = "2.2.1";

/** How to get it, for people. */
export const h2specCommand = "node setup/h2spec.mjs";

const BUILD_MS = 600_000;
const h2spec = "github.com/summerwind/h2spec";

// A module of its own, and its requirements by name: h2spec is older than Go's modules.
const goModule = `module countersign.dev/setup/h2spec

go 1.24

require (
	${h2spec} v${h2specVersion}+incompatible
	github.com/fatih/color v1.19.0
	github.com/spf13/cobra v1.10.2
	golang.org/x/net v0.52.0
)

tool ${h2spec}/cmd/h2spec
`;

/** The binary's path; it may not be there. */
export function h2specPath() {
  return join(cacheFolder(), "h2spec", `h2spec-${h2specVersion}`);
}

/** @returns {Promise<string>} the path of an h2spec of the pinned version, built when it is not there yet */
export async function getH2spec(say = (_text) => {}) {
  const path = h2specPath();
  await mkdir(join(cacheFolder(), "h2spec"), { recursive: true });
  const release = await takeLock(`${path}.lock`);
  try {
    if (await exists(path)) return path;
    const folder = await mkdtemp(join(cacheFolder(), "h2spec", "build-"));
    try {
      await writeFile(join(folder, "go.mod"), goModule);
      say(`building h2spec ${h2specVersion} with Go`);
      const made = join(folder, "h2spec");
      const env = { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
      const target = `${h2spec}/cmd/h2spec`;
      const run = await command("go", ["build", "-o", made, target], { cwd: folder, env, timeoutMs: BUILD_MS });
      if (run.missing) throw new Error("Go is not installed: h2spec cannot be built");
      if (run.code !== 0) throw new Error(`h2spec did not build (exit code ${run.code}): ${lastLine(run.stderr)}`);
      await rename(made, path);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return path;
  } finally {
    await release();
  }
}

async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function main(args) {
  if (args.length > 0) {
    process.stderr.write(`unknown argument ${args[0]}\nusage: ${h2specCommand}\n`);
    return 2;
  }
  process.stdout.write(`${await getH2spec((text) => process.stderr.write(`setup: ${text}\n`))}\n`);
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`setup: ${error.message}\n`);
    return 3;
  });
}
