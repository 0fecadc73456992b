/**
 * The servers that the benchmark is held against, built from their own Go modules. In: Go on the PATH. Out: binaries in
 * the git-ignored cache, their paths on standard output. Effects: the cache. Never part of `npm test`: a peer that is not
 * there is reported as skipped, with `node setup/peers.mjs` as the way to get it.
 * Exit codes: 0 done, 2 wrong usage, 3 could not.
 */
import { createHash } from "node:crypto";
import { access, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { command, lastLine } from "./command.mjs";
import { cacheFolder, root } from "./folders.mjs";
import { takeLock } from "./lock.mjs";

/** Minutes on two cores, the first time: everything is compiled. */
const BUILD_MS = 1_800_000;

const opaPlugin = "github.com/open-policy-agent/opa-envoy-plugin";

/** By name: version, what to build, and the module it is built in (a module of ours where exact requirements are served only). */
const peers = new Map([
  [
    "opa-envoy-plugin",
    {
      version: "1.15.2-envoy",
      target: `${opaPlugin}/cmd/opa-envoy-plugin`,
      sources: {
        "go.mod": `module countersign.dev/setup/opa-envoy-plugin

go 1.24

require ${opaPlugin} v1.15.2-envoy

tool ${opaPlugin}/cmd/opa-envoy-plugin
`,
      },
    },
  ],
  ["authorino", { version: "0.27.0", target: ".", folder: join(root, "bench", "peers", "authorino") }],
]);

export const peerNames = [...peers.keys()];

/** How to get what is missing, for people. */
export const peersCommand = "node setup/peers.mjs";

/** @returns {Promise<{ path: string, version: string } | undefined>} what is in the cache already */
export async function findPeer(name) {
  const { path, version } = await place(name);
  return (await exists(path)) ? { path, version } : undefined;
}

/** @returns {Promise<{ path: string, version: string }>} what is in the cache, else builds it */
export async function getPeer(name, say = (_text) => {}) {
  const { path, version, peer } = await place(name);
  const release = await takeLock(`${path}.lock`);
  try {
    if (await exists(path)) return { path, version };
    const folder = await mkdtemp(join(cacheFolder(), "peers", "build-"));
    try {
      await bringSources(peer, folder);
      say(`building ${name} ${version} with Go, which takes some minutes the first time`);
      const made = join(folder, "made");
      const env = { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=mod", CGO_ENABLED: "0" };
      const run = await command("go", ["build", "-o", made, peer.target], { cwd: folder, env, timeoutMs: BUILD_MS });
      if (run.missing) throw new Error(`Go is not installed: ${name} cannot be built`);
      if (run.code !== 0) throw new Error(`${name} did not build (exit code ${run.code}): ${lastLine(run.stderr)}`);
      await rename(made, path);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    return { path, version };
  } finally {
    await release();
  }
}

/** A binary's name carries what it was built from: other sources, another binary. */
async function place(name) {
  const peer = peers.get(name);
  if (peer === undefined) throw new Error(`unknown peer ${name}; known: ${peerNames.join(", ")}`);
  const hash = createHash("sha256");
  for (const [file, text] of await sourcesOf(peer)) hash.update(`${file}\n${text}\n`);
  const folder = join(cacheFolder(), "peers");
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}-${peer.version}-${hash.digest("hex").slice(0, 8)}`);
  return { path, version: peer.version, peer };
}

async function sourcesOf({ sources, folder }) {
  if (sources !== undefined) return Object.entries(sources);
  const names = ["go.mod", "main.go"];
  return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")]));
}

/** Go writes to its module (`go.sum`, further requirements): ours stays as it is. */
async function bringSources({ sources, folder }, into) {
  if (sources !== undefined) {
    for (const [name, text] of Object.entries(sources)) await writeFile(join(into, name), text);
  } else for (const name of ["go.mod", "main.go"]) await copyFile(join(folder, name), join(into, name));
}

async function exists(path) {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function main(args) {
  const unknown = args.find((arg) => !peers.has(arg));
  if (unknown !== undefined) {
    process.stderr.write(`unknown peer ${unknown}\nusage: ${peersCommand} [${peerNames.join("|")}]…\n`);
    return 2;
  }
  for (const name of args.length === 0 ? peerNames : args) {
    const { path } = await getPeer(name, (text) => process.stderr.write(`setup: ${text}\n`));
    process.stdout.write(`${path}\n`);
  }
  return 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  process.exitCode = await main(process.argv.slice(2)).catch((error) => {
    process.stderr.write(`setup: ${error.message}\n`);
    return 3;
  });
}
