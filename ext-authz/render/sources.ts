/**
 * Reads what a description names: the servers' settings and policies, key files, the compiled filter. In: paths. Out: facts
 * and problems. Effects: reads files; a file that is missing is a problem at the place that names it.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { readBoundedFile } from "../authenticate/credentials/read-bounded-file.ts";
import { packageRoot } from "../config/package-root.ts";
import { readSettings } from "../config/read-settings.ts";
import { readArtifactFile } from "../resources/access-policy-artifact.ts";
import { loadFiles } from "../resources/load.ts";
import { ownedHeadersOf } from "../resources/owned-headers.ts";
import { readResources } from "../resources/read.ts";
import type { Problem } from "../resources/resource.ts";
import type { Facts, ServerFacts } from "./facts.ts";
import type { ReadDescription } from "./read-description.ts";

export interface Gathered {
  readonly facts: Facts;
  readonly problems: readonly Problem[];
}

const KEY_FILES = ["secretFile", "publicKeyFile", "privateKeyFile"] as const;
const MAX_KEY_BYTES = 65_536;

/** @param folder absolute: relative paths of the description start there. @param cores what `workers: auto` means. */
export async function gatherFacts(read: ReadDescription, folder: string, cores: number): Promise<Gathered> {
  const problems: Problem[] = [];
  const servers = new Map<string, ServerFacts>();
  for (const name of Object.keys(read.description.servers)) {
    const facts = await serverFacts(read, name, folder, cores, problems);
    if (facts !== undefined) servers.set(name, facts);
  }
  const keyFiles = await keyTexts(read, folder, problems);
  const filterSha256 = read.description.filter?.sha256 ?? (await packageFilter(read, problems));
  return { facts: { servers, keyFiles, filterSha256 }, problems };
}

/** Where a server's settings are, absolute. */
export function settingsFile({ description }: ReadDescription, server: string, folder: string): string {
  const named = Object.hasOwn(description.servers, server) ? description.servers[server]?.settings : undefined;
  return resolve(folder, named ?? "countersign.yaml");
}

async function serverFacts(
  read: ReadDescription,
  name: string,
  folder: string,
  cores: number,
  problems: Problem[],
): Promise<ServerFacts | undefined> {
  const path = ["servers", name, "settings"];
  const file = settingsFile(read, name, folder);
  const shown = relative(process.cwd(), file) || file;
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== "string") {
    problems.push(read.problem(path, `cannot read ${shown}: ${text.code ?? "unknown"}`));
    return undefined;
  }
  const settings = readSettings({ file: shown, text, folder: dirname(file), cores });
  if (!settings.ok) {
    problems.push(...settings.error);
    return undefined;
  }
  const loaded = await loadFiles(settings.value.policies).catch((error: Error) => error);
  if (loaded instanceof Error) {
    problems.push(read.problem(path, `its policies cannot be read: ${loaded.message}`));
    return undefined;
  }
  const { resources, problems: wrong } = readResources(loaded, readArtifactFile);
  problems.push(...wrong.filter(({ severity }) => severity === "error"));
  const files = new Map([[relative(dirname(file), file), text]]);
  for (const policy of loaded) {
    const inside = relative(dirname(file), resolve(policy.file));
    if (!inside.startsWith("..") && !isAbsolute(inside)) files.set(inside, policy.text);
  }
  return { settings: settings.value, ownedHeaders: ownedHeadersOf(resources), files };
}

async function keyTexts(read: ReadDescription, folder: string, problems: Problem[]): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  const { keys = [], responseKeys = [] } = read.description;
  const placed = [
    ...keys.map((key, at) => ({ key, path: ["keys", at] })),
    ...responseKeys.map((key, at) => ({ key, path: ["responseKeys", at] })),
  ];
  for (const { key, path } of placed) {
    for (const member of KEY_FILES) {
      const file = key[member];
      if (file === undefined) continue;
      const text = await readBoundedFile(resolve(folder, file), MAX_KEY_BYTES);
      if (text.ok) texts.set(file, text.value);
      else problems.push(read.problem([...path, member], `cannot read ${file}: ${text.error}`));
    }
  }
  return texts;
}

async function packageFilter(read: ReadDescription, problems: Problem[]): Promise<string> {
  const bytes = await readFile(new URL("wasm-filter/build/countersign.wasm", packageRoot)).catch(() => undefined);
  if (bytes === undefined) {
    problems.push(
      read.problem(["filter"], "the compiled filter is not there", "npm run build:filter, or filter.sha256"),
    );
    return "";
  }
  return createHash("sha256").update(bytes).digest("hex");
}
