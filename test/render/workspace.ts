/** A folder with everything that `SOUND` names, and a stamp key that is a file; for all tests of a suite. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";
import { run } from "../cli/run-command.ts";
import { type Folder, makeFolder } from "../support/folder.ts";
import { SOUND } from "./description.ts";

export const SECRET = "A".repeat(43);
export const SETTINGS = `listen: { grpc: 0.0.0.0:9191, http: 0.0.0.0:9192 }
pathNormalization: MERGE_SLASHES
policies: [./policies]
`;
export const POLICY = `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: { name: idp, namespace: edge }
spec:
  jwtRules:
    - issuer: https://idp.example
      jwksUri: https://idp.example/jwks
      outputClaimToHeaders: [{ header: x-from-token, claim: sub }]
`;

let folder: Folder;

/** @returns the path of a name in the folder */
export function withWorkspace(): (name: string) => string {
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
  return at;
}

function at(name: string): string {
  return join(folder.path, name);
}

export function render(target: string, out: string, ...more: readonly string[]) {
  return run("render", at("zones.yaml"), "--target", target, "--out", at(out), ...more);
}

/** A description that is not the sound one. */
export async function renderText(text: string, target: string, out: string) {
  await writeFile(at(`${out}.yaml`), text);
  return run("render", at(`${out}.yaml`), "--target", target, "--out", at(out));
}

/** Folders that hold YAML: this one and those right below. */
export async function foldersOf(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true });
  const inner = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  return entries.some(({ name }) => name.endsWith(".yaml")) ? [path, ...inner] : inner;
}

export async function yamlFiles(path: string): Promise<readonly string[]> {
  const names = await readdir(path, { recursive: true });
  return names.filter((name) => name.endsWith(".yaml")).sort();
}
