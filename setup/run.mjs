/**
 * Everything that `npm run demo` and `npm test` need on a fresh machine. In: a clone and Node. Out: installed packages,
 * the built filter, an Envoy in reach. Effects: node_modules, wasm-filter/build and the git-ignored cache; nothing global.
 * `--quiet` says only what it does, not what was already there. Exit codes: 0 done, 2 wrong usage, 3 could not.
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { command } from "./command.mjs";
import { getEnvoy } from "./envoy.mjs";
import { cacheFolder, root } from "./folders.mjs";
import { takeLock } from "./lock.mjs";
import { installPackages } from "./packages.mjs";
import { chosenEnvoy, envoyVersion } from "./pinned.mjs";
import { progressBar } from "./progress.mjs";

const NODE = [20, 12];

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > NODE[0] || (major === NODE[0] && minor >= NODE[1])) return;
  throw new Error(`Node ${process.versions.node} is too old: ${NODE.join(".")} or newer is needed`);
}

async function buildFilter() {
  const run = await command(process.execPath, [join(root, "wasm-filter", "build.mjs")], { cwd: root });
  if (run.code === 0) return;
  throw new Error(`the Wasm filter did not build (exit code ${run.code}):\n${run.stdout}${run.stderr}`.trim());
}

async function main(args) {
  const unknown = args.find((arg) => arg !== "--quiet");
  if (unknown !== undefined) {
    process.stderr.write(`unknown argument ${unknown}\nusage: node setup/run.mjs [--quiet]\n`);
    return 2;
  }
  const say = (text) => process.stderr.write(`setup: ${text}\n`);
  const detail = args.includes("--quiet") ? () => {} : say;
  checkNode();
  const release = await takeLock(join(cacheFolder(), "setup.lock"), {
    onWait: (owner) => say(`waiting for another set-up (process ${owner})`),
  });
  try {
    await access(join(root, "package-lock.json")).catch(() => {
      throw new Error("this is not a clone of the repository: an installed package needs no set-up");
    });
    const installed = await installPackages(root, say);
    detail(installed ? "packages installed" : "packages are current");
    await buildFilter();
    detail("filter built");
    const bar = progressBar(`setup: Envoy ${chosenEnvoy(process.env) ?? envoyVersion}`);
    const envoy = await getEnvoy({ onProgress: bar.update }).finally(bar.end);
    detail(`Envoy ${envoy.version} (${envoy.origin}): ${envoy.path}`);
    return 0;
  } finally {
    await release();
  }
}

process.exitCode = await main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`setup: ${error.message}\n`);
  return 3;
});
