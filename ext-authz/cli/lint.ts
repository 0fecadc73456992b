/** `countersign lint`: what is wrong in policies and settings, all of it at once. */
import { parseArgs } from "node:util";
import { loadFiles } from "../resources/load.ts";
import { readResources } from "../resources/read.ts";
import { type Command, EXIT, type Output, UsageError } from "./command.ts";
import { formatProblem, loadSettings } from "./load-settings.ts";

export const lint: Command = {
  summary: "say what is wrong in policies and settings",
  usage: `usage: countersign lint [--config FILE] [--json] [FILE|FOLDER…]

Without files: the settings and the policies they name. A resource that Istio's validation would refuse is an error.

Exit codes: 0 fine (warnings may be printed), 2 errors, 3 could not run.`,
  run: runLint,
};

async function runLint(args: readonly string[], output: Output) {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { config: { type: "string", short: "c" }, json: { type: "boolean", default: false } },
    allowPositionals: true,
  });
  const settings =
    positionals.length > 0 && values.config === undefined ? undefined : await loadSettings(values.config);
  const paths = positionals.length > 0 ? positionals : settings?.ok === true ? settings.value.policies : [];
  const files = await loadFiles(paths).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  const read = readResources(files);
  const problems = [...(settings?.ok === false ? settings.error : []), ...read.problems];
  const errors = problems.filter((problem) => problem.severity === "error").length;
  if (values.json) {
    output.out(JSON.stringify({ files: files.length, resources: read.resources.length, problems }));
  } else {
    for (const problem of problems) output.out(formatProblem(problem));
    output.out(
      `${files.length} files, ${read.resources.length} resources, ${errors} errors, ${problems.length - errors} warnings`,
    );
  }
  return errors > 0 ? EXIT.usage : EXIT.fine;
}
