import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { watchFiles } from "../../ext-authz/observe/watch-files.ts";
import { watchedFolders } from "../../ext-authz/process/watched-folders.ts";
import { type Folder, makeFolder } from "../support/folder.ts";

/** A disk and a clock in our hand: each step runs the timer that is due next. */
function setting(first = "a") {
  let disk: string | Error = first;
  let hint = (): void => {};
  let reads = 0;
  const timers = new Map<number, { readonly run: () => void; readonly milliseconds: number }>();
  let next = 0;
  let changes = 0;
  const watch = watchFiles({
    fingerprint: async () => {
      reads++;
      if (disk instanceof Error) throw disk;
      return disk;
    },
    hints(tell) {
      hint = tell;
      return () => {
        hint = () => {};
      };
    },
    setTimer(run, milliseconds) {
      const id = ++next;
      timers.set(id, { run, milliseconds });
      return () => timers.delete(id);
    },
    changed: async () => {
      changes++;
      throw new Error("its own affair");
    },
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    watch,
    write: (text: string | Error) => {
      disk = text;
    },
    hint: () => hint(),
    changes: () => changes,
    reads: () => reads,
    waits: () => [...timers.values()].map(({ milliseconds }) => milliseconds),
    async step() {
      await settle();
      const [id, timer] = [...timers][0] ?? [0, undefined];
      timers.delete(id);
      timer?.run();
      await settle();
    },
  };
}

describe("files that change", () => {
  it("what is there at the start is no change", async () => {
    const { step, changes, waits } = setting();
    await step();
    expect([changes(), waits()]).toEqual([0, [10_000]]);
  });

  it("a change is told once, when it has come to rest", async () => {
    const at = setting();
    await at.step();
    at.write("b");
    at.hint();
    expect(at.waits()).toEqual([100]);
    await at.step();
    at.write("c");
    await at.step();
    expect(at.changes()).toBe(0);
    await at.step();
    expect(at.changes()).toBe(1);
    await at.step();
    expect(at.changes()).toBe(1);
  });

  it("is found without a hint too", async () => {
    const at = setting();
    await at.step();
    at.write("b");
    await at.step();
    await at.step();
    expect(at.changes()).toBe(1);
  });

  it("many hints are one look", async () => {
    const at = setting();
    await at.step();
    const before = at.reads();
    for (let n = 0; n < 1000; n++) at.hint();
    await at.step();
    expect(at.reads()).toBe(before + 1);
  });

  it("a writer that never rests is not waited for without end", async () => {
    const at = setting();
    await at.step();
    at.hint();
    for (let n = 0; n < 60 && at.changes() === 0; n++) {
      at.write(`b${n}`);
      await at.step();
    }
    expect(at.changes()).toBe(1);
  });

  it("what becomes unreadable has changed", async () => {
    const at = setting();
    await at.step();
    at.write(new Error("EACCES"));
    for (let n = 0; n < 3; n++) await at.step();
    expect(at.changes()).toBe(1);
  });

  it("nothing is told after the stop", async () => {
    const at = setting();
    await at.step();
    at.write("b");
    at.watch.stop();
    at.hint();
    await at.step();
    expect([at.changes(), at.waits()]).toEqual([0, []]);
  });
});

describe("what folders look like", () => {
  let folder: Folder;
  const at = (...names: string[]): string => join(folder.path, "policies", ...names);
  beforeEach(async () => {
    folder = await makeFolder();
    await mkdir(at("..1"), { recursive: true });
    await mkdir(at("deep"));
    await writeFile(at("..1", "a.yaml"), "a");
    await symlink("..1", at("..data"));
    await symlink("..data/a.yaml", at("a.yaml"));
    await writeFile(at("deep", "b.yaml"), "b");
  });
  afterEach(() => folder.remove());

  const rows: readonly [string, boolean, () => Promise<unknown>][] = [
    ["nothing", false, async () => {}],
    ["a file below", true, () => writeFile(at("deep", "b.yaml"), "longer")],
    ["a new file", true, () => writeFile(at("c.yaml"), "")],
    ["a file that is gone", true, () => rm(at("deep", "b.yaml"))],
    ["a swapped ..data", true, swapData],
    ["a swapped ..data with a file of the same size", true, swapData],
    ["the folder is gone", true, () => rename(at(), join(folder.path, "elsewhere"))],
    ["a loop of links", true, () => symlink(".", at("loop"))],
    ["a link that leads nowhere", true, () => symlink("/nowhere", at("none"))],
  ];
  test.each(rows)("%s", async (_, differs, happens) => {
    const { fingerprint } = watchedFolders([at()]);
    const before = await fingerprint();
    await happens();
    expect((await fingerprint()) !== before).toBe(differs);
  });

  it("the system tells of a swapped link", async () => {
    const watched = watchedFolders([at()]);
    let hints = 0;
    const end = watched.hints(() => hints++);
    await watched.fingerprint();
    await swapData();
    await expect.poll(() => hints).toBeGreaterThan(0);
    end();
  });

  async function swapData(): Promise<void> {
    await mkdir(at("..2"));
    await writeFile(at("..2", "a.yaml"), "b");
    await symlink("..2", at("..tmp"));
    await rename(at("..tmp"), at("..data"));
  }
});
