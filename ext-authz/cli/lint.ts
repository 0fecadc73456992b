/** `countersign lint`: what is wrong in policies and settings, all of it at once; and what a workload's policy comes to. */
import { parseArgs } from "node:util";
import { defaults } from "../config/defaults.ts";
import { effectiveLines, effectivePolicy } from "../lint/effective.ts";
import { findingsOf, formatFinding } from "../lint/findings.ts";
import { readArtifactFile } from "../resources/access-policy-artifact.ts";
import { loadFiles } from "../resources/load.ts";
import { readResources } from "../resources/read.ts";
import { readPolicies } from "./check.ts";
import { readWorkload } from "./check-request.ts";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { formatProblem, loadSettings } from "./load-settings.ts";

const options = {
  config: { type: "string", short: "c" },
  policies: { type: "string", multiple: true },
  workload: { type: "string", multiple: true },
  effective: { type: "boolean", default: false },
  strict: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

export const lint: Command = {
  summary: "say what is wrong in policies and settings",
  usage: `usage: countersign lint [--config FILE] [--strict] [--workload ns/label=value,…]… [--json] [FILE|FOLDER…]
       countersign lint --effective --workload ns/label=value,… [--policies PATH]… [METHOD /path]

Without files: the settings and the policies they name. A resource that Istio's validation would refuse is an error;
a rule that does not do what it seems to is a finding, with an id that docs/lint.md explains.
  --workload      a workload that exists (repeat): policies that select none of them are findings
  --strict        findings end with exit code 1
  --effective     which layers say what on a workload, for METHOD /path or in all

Exit codes: 0 fine (findings may be printed), 1 findings with --strict, 2 errors, 3 could not run.`,
  run: runLint,
};

type Values = ReturnType<typeof parse>["values"];

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true });
}

async function runLint(args: readonly string[], output: Output): Promise<ExitCode> {
  const { values, positionals } = parse(args);
  if (values.effective) return showEffective(values, positionals, output);
  const named = [...(values.policies ?? []), ...positionals];
  const settings = named.length > 0 && values.config === undefined ? undefined : await loadSettings(values.config);
  const configured = settings?.ok === true ? settings.value.policies : [];
  const files = await loadFiles(named.length > 0 ? named : configured).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  const { resources, problems: found } = readResources(files, readArtifactFile);
  const problems = [...(settings?.ok === false ? settings.error : []), ...found];
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const mesh = settings?.ok === true ? settings.value.mesh : defaults.mesh;
  // Beside errors findings would mislead: what is missing may be what makes the others right.
  const workloads = (values.workload ?? []).map(readWorkload);
  const findings = errors > 0 ? [] : findingsOf(resources, files, mesh, workloads);
  if (values.json) {
    output.out(JSON.stringify({ files: files.length, resources: resources.length, problems, findings }));
  } else {
    for (const problem of problems) output.out(formatProblem(problem));
    for (const finding of findings) output.out(formatFinding(finding));
    const warnings = problems.length - errors + findings.length;
    output.out(`${files.length} files, ${resources.length} resources, ${errors} errors, ${warnings} warnings`);
  }
  if (errors > 0) return EXIT.usage;
  return values.strict && findings.length > 0 ? EXIT.findings : EXIT.fine;
}

async function showEffective(values: Values, positionals: readonly string[], output: Output): Promise<ExitCode> {
  const [method, path, more] = positionals;
  const [named, second] = values.workload ?? [];
  if (named === undefined || second !== undefined) throw new UsageError("--effective needs one --workload");
  if (
    more !== undefined ||
    (method !== undefined && path === undefined) ||
    (path !== undefined && !path.startsWith("/"))
  ) {
    throw new UsageError("after --effective: METHOD /path, or nothing");
  }
  const settings = await loadSettings(values.config);
  const loaded = settings.ok ? await readPolicies(values.policies ?? settings.value.policies) : settings;
  if (!settings.ok || !loaded.ok) {
    for (const problem of loaded.ok ? [] : loaded.error) output.err(formatProblem(problem));
    return EXIT.usage;
  }
  const operation = method === undefined || path === undefined ? undefined : { method, path };
  const effective = effectivePolicy(loaded.value.resources, readWorkload(named), settings.value.mesh, operation);
  if (values.json) {
    output.out(JSON.stringify({ workload: named, ...operation, ...effective }));
    return EXIT.fine;
  }
  output.out(operation === undefined ? named : `${operation.method} ${JSON.stringify(operation.path)} on ${named}`);
  for (const line of effectiveLines(effective)) output.out(line);
  return EXIT.fine;
}
