/** `countersign render`: the proxies' configuration out of countersign.zones.yaml; `--check` says whether it still is. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type ReadDescription, readDescription } from "../render/read-description.ts";
import type { Rendered } from "../render/render.ts";
import { originOf, render as renderFiles, TARGETS, type Target } from "../render/render.ts";
import { zonesSchema } from "../render/schema.ts";
import { gatherFacts, settingsFile } from "../render/sources.ts";
import type { Problem } from "../resources/resource.ts";
import { err, type Result } from "../result.ts";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { formatProblem } from "./load-settings.ts";
import { compareFolder, writeFolder } from "./render-folder.ts";

const DEFAULT_FILE = "countersign.zones.yaml";

export const render: Command = {
  summary: "make Envoy, compose and mesh configuration from zones",
  usage: `usage: countersign render [FILE] --target TARGET --out FOLDER [--check] [--json]
       countersign render --schema

Reads FILE (default ${DEFAULT_FILE}; docs/attach.md) with the settings, policies and keys that it
names, and writes into FOLDER, which is made when it is not there:
  envoy          one complete configuration for each zone
  xds            the same as files that Envoy watches: keys and filter settings change without a restart
  compose        envoy, and a compose.yaml that starts it all
  istio          EnvoyFilters and the servers' Deployments; without-envoy-filter/ has WasmPlugins and CUSTOM policies
  envoy-gateway  SecurityPolicy, EnvoyExtensionPolicy and what they need beside them
  kuma           MeshProxyPatch
Files that an earlier run wrote for the same target and that are no longer made are removed. All mistakes are told at once.
  --schema  print the JSON Schema of ${DEFAULT_FILE}, for editors
  --check   write nothing; files that are missing, different or no longer made are findings

Exit codes: 0 written or equal, 1 differences, 2 wrong usage or a wrong description, 3 could not run.`,
  run: runRender,
};

async function runRender(args: readonly string[], output: Output): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      target: { type: "string" },
      out: { type: "string" },
      check: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      schema: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  if (values.schema) {
    output.out(JSON.stringify(zonesSchema, undefined, 2));
    return EXIT.fine;
  }
  const [file = DEFAULT_FILE, more] = positionals;
  const target = TARGETS.find((one) => one === values.target);
  if (more !== undefined) throw new UsageError("one description only");
  if (target === undefined) throw new UsageError(`--target is one of: ${TARGETS.join(", ")}`);
  if (values.out === undefined) throw new UsageError("--out names the folder to write");
  const made = await renderFile(file, target, values.out);
  if (!made.ok) {
    if (values.json) output.out(JSON.stringify({ target, problems: made.error }));
    else for (const problem of made.error) output.err(formatProblem(problem));
    return EXIT.usage;
  }
  const { files, head } = made.value;
  const differences = await compareFolder(values.out, files, head);
  if (!values.check) await writeFolder(values.out, files, differences);
  if (values.json) output.out(JSON.stringify({ target, problems: [], files: [...files.keys()], differences }));
  else {
    for (const { file: name, state } of differences) output.out(`${values.check ? state : DONE[state]}  ${name}`);
    output.out(`${files.size} files for ${target}, ${differences.length} ${values.check ? "differ" : "changed"}`);
  }
  return values.check && differences.length > 0 ? EXIT.findings : EXIT.fine;
}

const DONE = { missing: "new", different: "written", stale: "removed" } as const;

export interface Made {
  readonly files: Rendered;
  /** What the first lines of these files say of their origin. */
  readonly head: string;
}

/** @throws UsageError when the description cannot be read. */
export async function renderFile(file: string, target: Target, out: string): Promise<Result<Made, readonly Problem[]>> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot read ${file}: ${error.code ?? "unknown"}`);
  });
  const read = readDescription(file, text);
  if (!read.ok) return read;
  const folder = dirname(resolve(file));
  const { facts, problems } = await gatherFacts(read.value, folder, availableParallelism());
  const origin = originFor(read.value, file, folder, out);
  const files = renderFiles(read.value, facts, target, origin);
  // What could not be read makes other problems that are none.
  if (problems.length > 0) return err(problems);
  return files.ok ? { ok: true, value: { files: files.value, head: originOf(target, origin) } } : files;
}

function originFor(read: ReadDescription, file: string, folder: string, out: string) {
  const from = resolve(out);
  return {
    source: relative(from, resolve(file)),
    settings(server: string) {
      const settings = settingsFile(read, server, folder);
      return { folder: beside(relative(from, dirname(settings))), file: relative(dirname(settings), settings) };
    },
  };
}

/** Compose takes a path without a dot in front for a volume's name. */
function beside(path: string): string {
  return path.startsWith(".") ? path : `./${path}`;
}
