import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { files } from "../../envoy/files.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { run } from "../cli/run-command.ts";
import { SOUND } from "./description.ts";
import { foldersOf, render, SECRET, withWorkspace, yamlFiles } from "./workspace.ts";

const at = withWorkspace();

describe.each(["envoy", "xds", "istio", "envoy-gateway", "kuma"])("%s", (target) => {
  it("is written, the same twice, and checked", async () => {
    const first = await render(target, target);
    expect([first.code, first.err]).toEqual([0, ""]);
    expect((await render(target, target)).out).toMatch(/, 0 changed$/);
    expect((await render(target, target, "--check")).code).toBe(0);
    expect((await render(target, `${target}-again`)).code).toBe(0);
    for (const name of await yamlFiles(at(target))) {
      expect(await readFile(at(`${target}-again/${name}`), "utf8")).toBe(
        await readFile(at(`${target}/${name}`), "utf8"),
      );
    }
  });

  it("has nothing that doctor finds", async () => {
    for (const inner of await foldersOf(at(target))) {
      const examined = await run("doctor", "envoy", inner, "--json");
      expect(JSON.parse(examined.out)).toMatchObject({ problems: [], hazards: [] });
      expect(examined.code).toBe(0);
    }
  });

  it("reads the policies for the headers that no client may send", async () => {
    const texts = await Promise.all(
      (await yamlFiles(at(target))).map((name) => readFile(at(`${target}/${name}`), "utf8")),
    );
    expect(texts.join("\n")).toContain("x-from-token");
  });
});

describe("drift", () => {
  it("is found, and mended by another run; somebody else's files stay", async () => {
    await render("istio", "drift");
    const [changed, gone] = ["edge-envoy-filter.yaml", "inner-envoy-filter.yaml"];
    const head = (await readFile(at("drift/check.yaml"), "utf8")).split("\n", 2).join("\n");
    await writeFile(at(`drift/${changed}`), `${await readFile(at(`drift/${changed}`), "utf8")}# edited\n`);
    await rm(at(`drift/${gone}`));
    await writeFile(at("drift/old-envoy-filter.yaml"), `${head}\nkind: EnvoyFilter\n`);
    await writeFile(at("drift/theirs.yaml"), "kind: ConfigMap\n");
    const checked = await render("istio", "drift", "--check", "--json");
    expect(checked.code).toBe(1);
    expect(JSON.parse(checked.out).differences).toEqual([
      { file: changed, state: "different" },
      { file: gone, state: "missing" },
      { file: "old-envoy-filter.yaml", state: "stale" },
    ]);
    expect((await render("istio", "drift")).code).toBe(0);
    expect((await render("istio", "drift", "--check")).code).toBe(0);
    expect(await readdir(at("drift"))).toContain("theirs.yaml");
    expect(await readdir(at("drift"))).not.toContain("old-envoy-filter.yaml");
  });

  it("does not touch a file that somebody else wrote under the same name", async () => {
    await mkdir(at("foreign"));
    await writeFile(at("foreign/inner.yaml"), "mine: true\n");
    const made = await render("envoy", "foreign");
    expect([made.code, made.err]).toEqual([2, expect.stringContaining("inner.yaml")]);
    expect(await readdir(at("foreign"))).toEqual(["inner.yaml"]);
    expect((await render("envoy", "foreign", "--check")).code).toBe(1);
  });

  it("of the repository: its files are what the command writes from the sample", async () => {
    const [sample, out] = ["examples/demo/countersign.zones.yaml", "envoy"].map((path) =>
      fileURLToPath(new URL(path, packageRoot)),
    );
    const checked = await run("render", sample ?? "", "--target", "compose", "--out", out ?? "", "--check");
    expect([checked.code, checked.err]).toEqual([0, ""]);
  });
});

describe("secrets", () => {
  it("that come from a file are for the proxy's eyes only", async () => {
    const made = await run("render", at("with-file.yaml"), "--target", "xds", "--out", at("secret"));
    expect([made.code, made.err]).toEqual([0, ""]);
    expect(made.out).not.toContain(SECRET);
    const modes = await Promise.all(
      ["edge/stamp.yaml", "inner/guard.yaml", "edge/lds.yaml", "edge/cds.yaml"].map(async (name) => {
        const holds = (await readFile(at(`secret/${name}`), "utf8")).includes(SECRET);
        return [name, holds, ((await stat(at(`secret/${name}`))).mode & 0o777).toString(8)];
      }),
    );
    expect(modes).toEqual([
      ["edge/stamp.yaml", true, "600"],
      ["inner/guard.yaml", true, "600"],
      ["edge/lds.yaml", false, "644"],
      ["edge/cds.yaml", false, "644"],
    ]);
  });

  it.each(["istio", "compose"])("do not get into %s", async (target) => {
    const made = await run("render", at("with-file.yaml"), "--target", target, "--out", at("never"));
    expect([made.code, made.err]).toEqual([2, expect.stringContaining("would stand in an object that travels")]);
    expect(await readdir(at("."))).not.toContain("never");
  });

  it("in no file of the repository", () => {
    for (const [name, text] of files()) expect(text, name).not.toMatch(/secret":"|privateKey":"|secretFile/);
  });
});

describe("wrong usage and wrong input end with 2 and say why", () => {
  it.each<[string, readonly string[], string]>([
    ["no target", ["--out", "x"], "--target is one of"],
    ["an unknown target", ["--target", "nginx", "--out", "x"], "--target is one of"],
    ["no folder", ["--target", "envoy"], "--out names the folder"],
    ["two descriptions", ["b.yaml", "--target", "envoy", "--out", "x"], "one description only"],
    ["an unknown option", ["--targets", "envoy"], "--targets"],
  ])("%s", async (_, args, message) => {
    const { code, err } = await run("render", at("zones.yaml"), ...args);
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
  });

  it("a description that is not there", async () => {
    const { code, err } = await run("render", at("none.yaml"), "--target", "envoy", "--out", at("x"));
    expect([code, err]).toEqual([2, expect.stringContaining("cannot read")]);
  });

  it("what the description names: all of it at once, in the file that is wrong", async () => {
    await writeFile(
      at("broken.yaml"),
      SOUND.replace("./countersign.yaml", "./none.yaml").replace("orders }", "nobody }"),
    );
    const { code, err } = await run("render", at("broken.yaml"), "--target", "envoy", "--out", at("x"));
    expect(code).toBe(2);
    expect(err).toMatch(/broken\.yaml:\d+:\d+: error: servers\.check\.settings: cannot read .*none\.yaml: ENOENT/);
    await writeFile(at("odd.yaml"), "pathNormalisation: BASE\n");
    await writeFile(at("broken.yaml"), SOUND.replace("./countersign.yaml", "./odd.yaml"));
    const second = await run("render", at("broken.yaml"), "--target", "envoy", "--out", at("x"));
    expect(second.err).toMatch(/odd\.yaml:1:1: error: pathNormalisation: unknown key/);
  });
});

it("the schema is printed, for editors", async () => {
  const { code, out } = await run("render", "--schema");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ title: "countersign.zones.yaml", type: "object" });
});
