import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { SOUND } from "./description.ts";
import { POLICY, render, renderText, SECRET, SETTINGS, withWorkspace, yamlFiles } from "./workspace.ts";

const filter = fileURLToPath(new URL("wasm-filter/build/countersign.wasm", packageRoot));
const at = withWorkspace();

describe("compose", () => {
  const described = SOUND.replace("servers:\n  check: {", "servers:\n  check: { compose: { image: countersign },");

  it("starts nothing that is root for long, writable, or seen from outside but the edge", async () => {
    const made = await renderText(described, "compose", "compose");
    expect([made.code, made.err]).toEqual([0, ""]);
    const { services } = parse(await readFile(at("compose/compose.yaml"), "utf8"));
    expect(Object.keys(services)).toEqual(["filter", "edge", "inner", "check"]);
    for (const service of Object.values(services)) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], security_opt: ["no-new-privileges:true"] });
    }
    expect(services.edge.ports).toEqual(["127.0.0.1:10000:10000"]);
    expect([services.inner.ports, services.check.ports]).toEqual([undefined, undefined]);
    expect(services.edge.environment.STAMP_SECRET).toMatch(/^\$\{STAMP_SECRET:\?[^}]+\}$/);
    expect(services.check.volumes).toEqual(["..:/etc/countersign:ro"]);
  });

  it("needs to know where a server's image comes from", async () => {
    const made = await render("compose", "no-image");
    expect([made.code, made.err]).toEqual([2, expect.stringMatching(/servers\.check\.compose: needs image or build/)]);
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
    const text = `folder: ${at("local")}\n${granting.replace("filter: {", `filter: { file: ${filter},`)}`;
    for (const target of ["envoy", "xds"]) {
      const made = await renderText(text, target, "local");
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
  const text = SOUND.replaceAll("    server: check\n", "    server: check\n    grants: {}\n");
  const granting = (target: string) => renderText(text, target, "granting");
  expect((await granting("istio")).code + (await granting("envoy-gateway")).code).toBe(0);
  const holds = async (file: string) => (await readFile(at(`granting/${file}`), "utf8")).includes("grants");
  expect(await holds("edge-envoy-filter.yaml")).toBe(true);
  expect(await holds("without-envoy-filter/edge.yaml")).toBe(false);
  expect(await holds("edge.yaml")).toBe(false);
});

it("a server's files are in its ConfigMap, and where it looks for them", async () => {
  await render("istio", "objects");
  const objects = parseAllDocuments(await readFile(at("objects/check.yaml"), "utf8")).map((one) => one.toJS());
  const { data } = objects.find(({ kind }) => kind === "ConfigMap");
  expect(data).toEqual({ "countersign.yaml": SETTINGS, "policies__any.yaml": POLICY });
  const { spec } = objects.find(({ kind }) => kind === "Deployment").spec.template;
  expect(spec.volumes[0].configMap.items).toContainEqual({ key: "policies__any.yaml", path: "policies/any.yaml" });
});
