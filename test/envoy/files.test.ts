import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { files } from "../../envoy/files.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { envoyVersion } from "../../setup/pinned.mjs";
import { type Folder, makeFolder } from "../support/folder.ts";

const filter = fileURLToPath(new URL("wasm-filter/build/countersign.wasm", packageRoot));
let folder: Folder;
beforeAll(async () => {
  folder = await makeFolder();
});
afterAll(() => folder.remove());

/** A checked-in file as it can be started anywhere: free ports, the filter and the log of this clone. */
function local(name: string): string {
  return (files().get(`envoy/${name}`) ?? "")
    .replaceAll("/etc/countersign/countersign.wasm", filter)
    .replace("/dev/stdout", join(folder.path, "access.log"))
    .replace("0.0.0.0", "127.0.0.1")
    .replaceAll(/port_value: (10000|9901)/g, "port_value: 0");
}

describe("the checked-in files", () => {
  it.each([...files()])("%s is what its source makes", async (name, text) => {
    const written = await readFile(new URL(name, packageRoot), "utf8");
    expect(written, "run `npm run render`").toBe(text);
  });

  it("there is none that nothing makes any more", async () => {
    const names = await readdir(new URL("envoy", packageRoot), { recursive: true });
    const yaml = names.filter((name) => name.endsWith(".yaml") && !name.startsWith("grafana"));
    expect(yaml.map((name) => `envoy/${name}`).filter((name) => !files().has(name))).toEqual([]);
  });

  it.each(["edge.yaml", "zone.yaml"])("envoy/%s passes Envoy's own validation", async (name) => {
    const file = join(folder.path, name);
    await writeFile(file, local(name));
    const { path } = await findEnvoy();
    const run = await promisify(execFile)(path, ["--mode", "validate", "-c", file, "--log-level", "error"], {
      env: { COUNTERSIGN_STAMP_SECRET: "A".repeat(43) },
    });
    expect(`${run.stdout}${run.stderr}`).toContain("OK");
  });

  it.each(["edge.yaml", "zone.yaml"])("envoy/%s does not start without the secret", async (name) => {
    const file = join(folder.path, `alone-${name}`);
    await writeFile(file, local(name));
    const { path } = await findEnvoy();
    const args = ["-c", file, "--disable-hot-restart", "--log-level", "error"];
    const run = promisify(execFile)(path, args, { timeout: 20_000, env: {} });
    await expect(run).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining("keys[0].secret") });
  });

  it("compose.yaml starts the official image of the pinned version", () => {
    const { services } = parse(files().get("envoy/compose.yaml") ?? "");
    expect(services.edge.image).toBe(`envoyproxy/envoy:v${envoyVersion}`);
    expect(Object.values(services).filter((service) => Object.hasOwn(Object(service), "ports"))).toHaveLength(1);
  });
});
