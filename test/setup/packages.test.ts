import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cacheFolder } from "../../setup/folders.mjs";
import { takeLock } from "../../setup/lock.mjs";
import { differences, packagesCurrent } from "../../setup/packages.mjs";
import { progressBar } from "../../setup/progress.mjs";
import { type Folder, makeFolder } from "../support/folder.ts";

let folder: Folder;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

describe("installed packages against the lock file", () => {
  const a = { version: "1.0.0", integrity: "x" };
  const cases: readonly [string, object, object, readonly string[]][] = [
    ["the same", { "": {}, "node_modules/a": a }, { "node_modules/a": a }, []],
    ["one is missing", { "node_modules/a": a }, {}, ["node_modules/a"]],
    ["one is old", { "node_modules/a": a }, { "node_modules/a": { ...a, version: "0.9.0" } }, ["node_modules/a"]],
    [
      "one has other bytes",
      { "node_modules/a": a },
      { "node_modules/a": { ...a, integrity: "y" } },
      ["node_modules/a"],
    ],
    ["one is too much", {}, { "node_modules/a": a }, ["node_modules/a"]],
    ["another platform's is missing", { "node_modules/a": { ...a, optional: true } }, {}, []],
    [
      "a workspace's own folder",
      { sdk: {}, "node_modules/sdk": { link: true } },
      { sdk: {}, "node_modules/sdk": { link: true } },
      [],
    ],
  ];
  it.each(cases)("%s", (_, wanted, present, names) => {
    expect(differences(new Map(Object.entries(wanted)), new Map(Object.entries(present)))).toEqual(names);
  });

  it("no node_modules, or a broken lock file, is not current", async () => {
    expect(await packagesCurrent(folder.path)).toBe(false);
    await mkdir(join(folder.path, "node_modules"));
    await writeFile(join(folder.path, "node_modules", ".package-lock.json"), "{");
    await writeFile(join(folder.path, "package-lock.json"), '{"packages":{}}');
    expect(await packagesCurrent(folder.path)).toBe(false);
  });
});

describe("the cache folder", () => {
  it.each([
    ["/src/countersign", {}, "/src/countersign/.cache"],
    ["/app/node_modules/countersign", { XDG_CACHE_HOME: "/x" }, "/x/countersign"],
  ])("of %s", (place, env, wanted) => {
    expect(cacheFolder(place, env)).toBe(wanted);
  });
});

describe("the lock", () => {
  it("is held by one at a time", async () => {
    const path = join(folder.path, "deep", "a.lock");
    const release = await takeLock(path);
    await expect(takeLock(path, { waitMs: -1 })).rejects.toThrow("holds");
    await release();
    await (await takeLock(path, { waitMs: -1 }))();
  });

  it("of an owner that died is taken over", async () => {
    const path = join(folder.path, "b.lock");
    // Beyond the largest process id of any system.
    await writeFile(path, "999999999");
    const release = await takeLock(path);
    expect(await readFile(path, "utf8")).toBe(String(process.pid));
    await release();
  });
});

describe("progress", () => {
  const run = (isTTY: boolean) => {
    let text = "";
    const bar = progressBar("Envoy", { isTTY, write: (more: string) => (text += more) });
    for (const done of [0, 10, 26, 51, 51, 100]) bar.update(done, 100);
    bar.update(1, 0);
    bar.end();
    return text;
  };
  it("redraws one line on a terminal", () => {
    expect(run(true).split("\r").at(-1)).toBe(`Envoy ${"█".repeat(30)} 100% 0.0/0.0 MB\n`);
  });
  it("is a few plain lines elsewhere", () => {
    expect(run(false)).toBe("Envoy: 0%\nEnvoy: 25%\nEnvoy: 50%\nEnvoy: 100%\n");
  });
});
