/** `countersign doctor envoy`: authorization hazards of Envoy and Istio configurations, from files or a running Envoy. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { examine, type Hazard } from "../doctor/envoy/examine.ts";
import { dumpAddress, fetchDump } from "../doctor/envoy/fetch-dump.ts";
import { type ConfigText, MAX_TEXT, readConfig } from "../doctor/envoy/read-config.ts";
import type { Problem } from "../resources/resource.ts";
import { EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { formatProblem } from "./load-settings.ts";

export const doctorEnvoyUsage = `usage: countersign doctor envoy FILE|FOLDER|URL… [--json]

Reads Envoy's bootstrap, xDS files and /config_dump, Istio's objects and MeshConfig, as YAML or JSON, all together, and
reports what weakens authorization: each with id, why and fix (docs/doctor-envoy.md). A URL is a running Envoy's admin
interface, such as http://127.0.0.1:9901. No value of a configuration is printed.

Exit codes: 0 nothing found, 1 hazards, 2 wrong usage or bad input, 3 could not run.`;

export async function runDoctorEnvoy(args: readonly string[], output: Output): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { json: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  if (positionals.length === 0) throw new UsageError("name a file, a folder or an Envoy's admin address");
  const texts = (await Promise.all(positionals.map(sourceTexts))).flat();
  const read = texts.map(({ name, text }) => ({ name, ...readConfig(name, text) }));
  const problems = read.flatMap(problemsOf);
  const documents = read.flatMap((one) => one.documents);
  const { hazards, managers, unknown, cut } = examine(documents);
  if (problems.length === 0 && unknown.length === documents.length) {
    problems.push(problem(texts[0]?.name ?? "", "nothing of Envoy's or Istio's stands here"));
  }
  if (values.json) {
    output.out(JSON.stringify({ documents: documents.length, managers, problems, hazards, cut }));
  } else {
    for (const one of problems) output.err(formatProblem(one));
    for (const line of hazards.flatMap(linesOf)) output.out(line);
    const more = cut ? " (more were found)" : "";
    output.out(`${documents.length} documents, ${managers} HTTP entries, ${hazards.length} hazards${more}`);
  }
  if (problems.length > 0) return EXIT.usage;
  return hazards.length > 0 ? EXIT.findings : EXIT.fine;
}

interface Source {
  readonly name: string;
  readonly text: string;
}

const CONFIG_FILE = /\.(?:ya?ml|json)$/i;
const MAX_FILES = 1000;

async function sourceTexts(named: string): Promise<readonly Source[]> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(named)) return [await dumpOf(named)];
  const found = await stat(named).catch(cannotRead(named));
  if (!found.isDirectory()) return [await fileText(named)];
  const names = (await readdir(named)).filter((name) => CONFIG_FILE.test(name)).sort();
  if (names.length > MAX_FILES) throw new UsageError(`${named}: more than ${MAX_FILES} files`);
  return Promise.all(names.map((name) => fileText(join(named, name))));
}

async function fileText(file: string): Promise<Source> {
  const { size } = await stat(file).catch(cannotRead(file));
  if (size > MAX_TEXT) throw new UsageError(`${file}: larger than ${MAX_TEXT} bytes`);
  return { name: file, text: await readFile(file, "utf8").catch(cannotRead(file)) };
}

function cannotRead(file: string) {
  return (error: NodeJS.ErrnoException): never => {
    throw new UsageError(`cannot read ${file}: ${error.code ?? "unknown"}`);
  };
}

async function dumpOf(named: string): Promise<Source> {
  const url = dumpAddress(named);
  if (url === undefined) throw new UsageError("an Envoy is named by an http(s) URL without credentials");
  const name = `${url.origin}${url.pathname}`;
  const answer = await fetchDump(url, fetch);
  if (!answer.ok) throw new Error(`${name}: ${answer.error}`);
  return { name, text: answer.value };
}

function problemsOf({ name, documents, problems }: ConfigText & { readonly name: string }): Problem[] {
  const found = problems.map((one): Problem => ({ file: name, path: "", severity: "error", ...one }));
  return found.length === 0 && documents.length === 0 ? [problem(name, "nothing stands in this file")] : found;
}

function problem(file: string, message: string): Problem {
  return { file, line: 1, column: 1, path: "", message, severity: "error" };
}

function linesOf({ id, severity, file, line, path, saw, why, fix }: Hazard): readonly string[] {
  const place = line === 0 ? file : `${file}:${line}`;
  return [`${place}: ${severity} ${id}: ${path}: ${saw}`, `    why: ${why}`, `    fix: ${fix}`];
}
