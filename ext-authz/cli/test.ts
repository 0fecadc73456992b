/** `countersign test`: policy unit tests as YAML tables, with coverage of rules. */
import { watch } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Settings } from "../config/settings.ts";
import { loadFiles } from "../resources/load.ts";
import type { Problem, Resource } from "../resources/resource.ts";
import { readPolicies } from "./check.ts";
import { createOfflineCheck } from "./check-offline.ts";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { formatProblem, loadSettings } from "./load-settings.ts";
import { coverageLines, coverRules, type RuleCoverage } from "./test-coverage.ts";
import { readTestFile, type TestFile } from "./test-file.ts";
import { junitXml } from "./test-junit.ts";
import { runTest, type TestResult, testLines } from "./test-run.ts";
import { watchAndRun } from "./test-watch.ts";

const options = {
  config: { type: "string", short: "c" },
  policies: { type: "string", multiple: true },
  junit: { type: "string" },
  "min-coverage": { type: "string" },
  watch: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

export const test: Command = {
  summary: "policy unit tests",
  usage: `usage: countersign test [--config FILE] [--policies PATH]… [--watch] [--junit FILE] [--json] FILE|FOLDER…

FILE is a table of requests with what is expected (docs/policy-tests.md). Policies: those that the file names, else
--policies, else those of the settings. No network: claims in a test count as verified.
  --junit FILE        write the results as JUnit XML
  --min-coverage N    fail when fewer than N percent of the rules are matched by some test
  --watch             run again when a test or a policy changes, until Ctrl-C

Exit codes: 0 all passed, 1 some failed, 2 wrong usage or bad files, 3 could not run.`,
  run: runTests,
};

type Values = ReturnType<typeof parse>["values"];

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true });
}

async function runTests(args: readonly string[], output: Output): Promise<ExitCode> {
  const { values, positionals } = parse(args);
  if (positionals.length === 0) throw new UsageError("no test files; see countersign test --help");
  const minimum = readPercent(values["min-coverage"]);
  if (!values.watch) return (await runOnce(values, positionals, minimum, output)).code;
  let last: ExitCode = EXIT.fine;
  const run = async (): Promise<readonly string[]> => {
    const { code, paths } = await runOnce(values, positionals, minimum, output).catch((error: unknown) => {
      output.err(error instanceof Error ? error.message : String(error));
      return { code: EXIT.usage, paths: [] };
    });
    last = code;
    return [...positionals, ...paths];
  };
  await watchAndRun(run, {
    watch: watchPaths,
    delay: (then, milliseconds) => setTimeout(then, milliseconds),
    stopped: new Promise((stop) => process.once("SIGINT", stop).once("SIGTERM", stop)),
  });
  return last;
}

function watchPaths(paths: readonly string[], onChange: () => void): () => void {
  const watchers = paths.map((path) => watch(path, { recursive: true }, onChange));
  return () => {
    for (const watcher of watchers) watcher.close();
  };
}

function readPercent(text: string | undefined): number {
  if (text === undefined) return 0;
  const percent = Number(text);
  if (!/^\d{1,3}$/.test(text) || percent > 100) throw new UsageError("--min-coverage: a whole number from 0 to 100");
  return percent;
}

interface Ran {
  readonly code: ExitCode;
  /** Policies that were read: what a watch must look at. */
  readonly paths: readonly string[];
}

async function runOnce(values: Values, places: readonly string[], minimum: number, output: Output): Promise<Ran> {
  const settings = await loadSettings(values.config);
  if (!settings.ok) return refuse(settings.error, values, output, []);
  const read = await readTests(places);
  const broken = read.flatMap((file) => (file.ok ? [] : file.error));
  if (broken.length > 0) return refuse(broken, values, output, []);

  const results: TestResult[] = [];
  const coverage: RuleCoverage[] = [];
  const fallback = values.policies ?? settings.value.policies;
  const groups = groupByPolicies(
    read.flatMap((file) => (file.ok ? [file.value] : [])),
    fallback,
  );
  const paths = [...groups.values()].flatMap((group) => group.policies);
  for (const { policies, tests } of groups.values()) {
    const loaded = await readPolicies(policies);
    if (!loaded.ok) return refuse(loaded.error, values, output, paths);
    const ran = await runGroup(tests, settings.value, loaded.value.resources);
    results.push(...ran);
    coverage.push(
      ...coverRules(
        loaded.value.resources,
        ran.map(({ explanation }) => explanation),
      ),
    );
  }
  if (values.junit !== undefined) await writeFile(values.junit, junitXml(results));
  const failed = results.filter(({ passed }) => !passed).length;
  const covered = coverage.filter(({ matched }) => matched > 0).length;
  const enough = covered * 100 >= minimum * coverage.length;
  if (values.json) output.out(JSON.stringify({ passed: results.length - failed, failed, results, coverage }));
  else print(results, failed, coverage, output);
  if (!enough) output.err(`countersign test: fewer than ${minimum} % of the rules are covered`);
  return { code: failed > 0 || !enough ? EXIT.findings : EXIT.fine, paths };
}

async function runGroup(tests: TestFile["tests"], settings: Settings, resources: readonly Resource[]) {
  const now = (): number => Date.now() / 1000;
  const offline = await createOfflineCheck(settings, resources, { fetch: undefined, now });
  const results: TestResult[] = [];
  for (const one of tests) results.push(await runTest(one, offline, () => performance.now()));
  return results;
}

function print(
  results: readonly TestResult[],
  failed: number,
  coverage: readonly RuleCoverage[],
  output: Output,
): void {
  for (const line of results.flatMap(testLines)) output.out(line);
  output.out(`${results.length - failed} passed, ${failed} failed`);
  for (const line of coverageLines(coverage)) output.out(line);
}

function refuse(problems: readonly Problem[], values: Values, output: Output, paths: readonly string[]): Ran {
  if (values.json) output.out(JSON.stringify({ problems }));
  else for (const problem of problems) output.err(formatProblem(problem));
  return { code: EXIT.usage, paths };
}

async function readTests(places: readonly string[]) {
  const files = await loadFiles(places).catch((error: Error) => {
    throw new UsageError(error.message.replace(/^policies: /, ""));
  });
  return files.map(({ file, text }) => readTestFile(file, text, dirname(resolve(file))));
}

interface Group {
  readonly policies: readonly string[];
  readonly tests: TestFile["tests"][number][];
}

/** Files that name the same policies share one compilation and one coverage. */
function groupByPolicies(files: readonly TestFile[], fallback: readonly string[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const { policies, tests } of files) {
    const paths = policies.length > 0 ? policies : fallback;
    const key = JSON.stringify(paths);
    const group = groups.get(key) ?? { policies: paths, tests: [] };
    group.tests.push(...tests);
    groups.set(key, group);
  }
  return groups;
}
