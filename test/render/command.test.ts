import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { files } from "../../envoy/files.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { run } from "../cli/run-command.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { SOUND } from "./description.ts";

const filter = fileURLToPath(new URL("wasm-filter/build/countersign.wasm", packageRoot));
const SECRET = "A".repeat(43);
let folder: Folder;
const at = (name: string): string => join(folder.path, name);

/** Everything that a description names, and a stamp key that is a file. */
beforeAll(async () => {
  folder = await makeFolder();
  await mkdir(at("policies"));
  await writeFile(at("policies/any.yaml"), POLICY);
  await writeFile(at("countersign.yaml"), SETTINGS);
  await writeFile(at("stamp.key"), SECRET);
  await writeFile(at("zones.yaml"), SOUND);
  await writeFile(at("with-file.yaml"), SOUND.replace("secretEnv: STAMP_SECRET", "secretFile: stamp.key"));
});
afterAll(() => folder.remove());

const SETTINGS = `listen: { grpc: 0.0.0.0:9191, http: 0.0.0.0:9192 }
pathNormalization: MERGE_SLASHES
policies: [./policies]
`;
const POLICY = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: idp, namespace: edge }
spec:
  jwtRules:
    - issuer: https://idp.example
      jwksUri: https://idp.example/jwks
      outputClaimToHeaders: [{ header: x-from-token, claim: sub }]
`;
const render = (target: string, out: string, ...more: string[]) =>
  run("render", at("zones.yaml"), "--target", target, "--out", at(out), ...more);

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
    await promisify(execFile)("rm", [at(`drift/${gone}`)]);
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
    expect(await readdir(folder.path)).not.toContain("never");
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

describe("Envoy takes it", () => {
  it.each(["edge", "inner"])("%s, whole and as files", async (zone) => {
    const { path } = await findEnvoy();
    const validate = (file: string) =>
      promisify(execFile)(path, ["--mode", "validate", "-c", file, "--log-level", "error"], {
        env: { STAMP_SECRET: SECRET },
      });
    const logged = SOUND.replaceAll("    server: check\n", `    server: check\n    accessLog: ${at("access.log")}\n`);
    const granting = logged.replaceAll("    accessLog", "    grants: {}\n    accessLog");
    await writeFile(at("local.yaml"), `folder: ${at("local")}\nfilter: { file: ${filter} }\n${granting}`);
    for (const target of ["envoy", "xds"]) {
      const made = await run("render", at("local.yaml"), "--target", target, "--out", at("local"));
      expect([made.code, made.err]).toEqual([0, ""]);
    }
    const whole = await validate(at(`local/${zone}.yaml`));
    expect(`${whole.stdout}${whole.stderr}`).toContain("OK");
    const files = await validate(at(`local/${zone}/envoy.yaml`));
    expect(`${files.stdout}${files.stderr}`).toContain("OK");
  });
});

it.each<[string, readonly string[]]>([
  ["istio", ["EnvoyFilter/edge/countersign-edge", "EnvoyFilter/shop/countersign-inner", "Deployment/auth/check"]],
  ["envoy-gateway", ["SecurityPolicy/edge/countersign-edge", "EnvoyExtensionPolicy/edge/countersign-edge"]],
  ["kuma", ["MeshProxyPatch/kuma-system/countersign-edge", "MeshProxyPatch/kuma-system/countersign-inner"]],
])("%s: objects have names of their own", async (target, expected) => {
  await render(target, `objects-${target}`);
  const names: string[] = [];
  for (const name of await yamlFiles(at(`objects-${target}`))) {
    for (const document of parseAllDocuments(await readFile(at(`objects-${target}/${name}`), "utf8"))) {
      const { kind, metadata } = document.toJS();
      names.push(`${kind}/${metadata.namespace ?? ""}/${metadata.name}`);
    }
  }
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(expect.arrayContaining([...expected]));
});

it("where nothing skips the check, no guard keeps grants", async () => {
  await writeFile(at("granting.yaml"), SOUND.replaceAll("    server: check\n", "    server: check\n    grants: {}\n"));
  const granting = (target: string) => run("render", at("granting.yaml"), "--target", target, "--out", at("granting"));
  expect((await granting("istio")).code + (await granting("envoy-gateway")).code).toBe(0);
  const holds = async (file: string) => (await readFile(at(`granting/${file}`), "utf8")).includes("grants");
  expect(await holds("edge-envoy-filter.yaml")).toBe(true);
  expect(await holds("without-envoy-filter/edge.yaml")).toBe(false);
  expect(await holds("edge.yaml")).toBe(false);
});

it("the schema is printed, for editors", async () => {
  const { code, out } = await run("render", "--schema");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ title: "countersign.zones.yaml", type: "object" });
});

it("a server's files are in its ConfigMap, and where it looks for them", async () => {
  await render("istio", "objects");
  const objects = parseAllDocuments(await readFile(at("objects/check.yaml"), "utf8")).map((one) => one.toJS());
  const { data } = objects.find(({ kind }) => kind === "ConfigMap");
  expect(data).toEqual({ "countersign.yaml": SETTINGS, "policies__any.yaml": POLICY });
  const { spec } = objects.find(({ kind }) => kind === "Deployment").spec.template;
  expect(spec.volumes[0].configMap.items).toContainEqual({ key: "policies__any.yaml", path: "policies/any.yaml" });
});

async function foldersOf(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const inner = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  return entries.some(({ name }) => name.endsWith(".yaml")) ? [path, ...inner] : inner;
}

async function yamlFiles(path: string): Promise<readonly string[]> {
  const names = await readdir(path, { recursive: true });
  return names.filter((name) => name.endsWith(".yaml")).sort();
}
