/**
 * A real OPA, for the tests that compare ours with it. In: Go on the PATH. Out: the path of a binary in the git-ignored
 * cache, on standard output; with `--bundles` also the test bundles, compiled from their Rego. Effects: the cache, and
 * the bundles. Never part of `npm test`: without it those tests say that they were skipped.
 * Exit codes: 0 done, 2 wrong usage, 3 could not.
 */
import { access, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { command, lastLine } from "./command.mjs";
import { cacheFolder, root } from "./folders.mjs";
import { takeLock } from "./lock.mjs";

export const opaVersion = "1.22.0";

/** The binary's path; it may not be there. */
export function opaPath() {
  return join(cacheFolder(), "opa", `opa-${opaVersion}`);
}

// A module of its own: `go install package@version` is refused where only exact requirements are served.
const goModule = `module countersign.dev/setup/opa

go 1.24

require github.com/open-policy-agent/opa v${opaVersion}

tool github.com/open-policy-agent/opa
`;

/** @returns the path of an OPA of the pinned version, built when it is not there yet */
export async function getOpa(say = (_text) => {}) {
  const path = opaPath();
  const release = await takeLock(`${path}.lock`);
  try {
    if (await exists(path)) return path;
    const folder = join(cacheFolder(), "opa", "build");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "go.mod"), goModule);
    say(`building OPA ${opaVersion} with Go, which takes some minutes the first time`);
    const made = join(folder, "opa");
    const env = { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
    const run = await command("go", ["build", "-o", made, "github.com/open-policy-agent/opa"], {
      cwd: folder,
      env,
      timeoutMs: 1_800_000,
    });
    if (run.missing) throw new Error("Go is not installed: OPA cannot be built");
    if (run.code !== 0) throw new Error(`OPA did not build (exit code ${run.code}): ${lastLine(run.stderr)}`);
    await rename(made, path);
    await rm(folder, { recursive: true, force: true });
    return path;
  } finally {
    await release();
  }
}

const policies = join(root, "test", "authorize", "rego", "policies");
const entrypoints = ["envoy/authz/allow"].concat(
  ["always", "never", "sometimes", "object", "nameless", "text", "number", "list", "nobody", "caller", "verified"].map(
    (name) => `countersign/cases/${name}`,
  ),
  ["extension", "cyclic", "hungry", "conflict"].map((name) => `countersign/cases/${name}`),
);

/** Compiles the test policies to one Wasm bundle, the one that is checked in. */
async function buildBundle(opa) {
  const out = join(root, "test", "authorize", "rego", "bundles", "policies.tar.gz");
  const args = ["build", "-t", "wasm", "-o", out, "-b", "."].concat(entrypoints.flatMap((name) => ["-e", name]));
  const run = await command(opa, args, { cwd: policies });
  if (run.code !== 0) throw new Error(`the test policies do not compile: ${run.stderr}`);
  return out;
}

async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function main(args) {
  const unknown = args.find((arg) => arg !== "--bundles");
  if (unknown !== undefined) {
    process.stderr.write(`unknown argument ${unknown}\nusage: node setup/opa.mjs [--bundles]\n`);
    return 2;
  }
  const opa = await getOpa((text) => process.stderr.write(`setup: ${text}\n`));
  process.stdout.write(`${opa}\n`);
  if (args.includes("--bundles")) process.stdout.write(`${await buildBundle(opa)}\n`);
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`setup: ${error.message}\n`);
    return 3;
  });
}
