/** `countersign init`: a folder that works: settings, policies, zones, the rendered proxies, and what to type. */
import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { parseArgs } from "node:util";
import { packageRoot } from "../config/package-root.ts";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { answersOf } from "./init-answers.ts";
import { initFiles } from "./init-files.ts";
import { formatProblem } from "./load-settings.ts";
import { renderFile } from "./render.ts";
import { compareFolder, writeFolder } from "./render-folder.ts";

const options = {
  zones: { type: "string" },
  issuer: { type: "string" },
  audience: { type: "string" },
  service: { type: "string" },
  target: { type: "string" },
  yes: { type: "boolean", default: false, short: "y" },
  force: { type: "boolean", default: false },
} as const;

export const init: Command = {
  summary: "write a folder to start from",
  usage: `usage: countersign init [FOLDER] [--zones a,b] [--issuer URL] [--audience NAME] [--service host:port]
                        [--target envoy|xds|compose|istio] [--yes] [--force]

Asks what no flag says, and writes into FOLDER (default: here) settings, policies, zones, the rendered configuration of the
proxies, a fresh secret for the stamps in .env, and a README with the commands to run it.
  --zones     names; the first takes clients, each leads to the next, the last to the service (default edge,inner)
  --yes       ask nothing: what no flag says is the default
  --force     write over files that are there, but never over .env

Exit codes: 0 written, 2 wrong usage or files in the way, 3 could not run.`,
  run: runInit,
};

async function runInit(args: readonly string[], output: Output): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  const [folder = ".", more] = positionals;
  if (more !== undefined) throw new UsageError("one folder only");
  const { yes, force, ...flags } = values;
  const answers = await withQuestions(yes, (ask) => answersOf(flags, ask));
  const files = initFiles(answers, randomBytes(32).toString("base64url"));
  const names = [...files.keys(), "rendered", "countersign.wasm"];
  const inTheWay = force ? [] : await present(folder, names);
  if (inTheWay.length > 0)
    throw new UsageError(`${folder} has ${inTheWay.join(", ")} already; --force writes over them`);
  // A secret that proxies may be running with is not replaced by writing a folder again.
  const kept = await present(folder, [".env"]);
  for (const [name, text] of files) {
    if (kept.includes(name)) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, name === ".env" ? { mode: 0o600 } : {});
  }
  const { target } = answers;
  if (target === "envoy" || target === "xds") {
    await copyFile(new URL("wasm-filter/build/countersign.wasm", packageRoot), join(folder, "countersign.wasm"));
  }
  const out = join(folder, "rendered");
  const made = await renderFile(join(folder, "countersign.zones.yaml"), target, out);
  if (!made.ok) throw new Error(made.error.map(formatProblem).join("\n"));
  await writeFolder(out, made.value.files, await compareFolder(out, made.value.files, made.value.head));
  for (const name of files.keys()) output.out(join(folder, name));
  for (const name of made.value.files.keys()) output.out(join(out, name));
  output.out(`now read ${join(folder, "README.md")}`);
  return EXIT.fine;
}

async function withQuestions<T>(
  yes: boolean,
  run: (ask: ((question: string) => Promise<string>) | undefined) => Promise<T>,
): Promise<T> {
  if (yes) return run(undefined);
  if (!process.stdin.isTTY) throw new UsageError("nobody is there to be asked: --yes takes the defaults");
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await run((question) => terminal.question(question));
  } finally {
    terminal.close();
  }
}

async function present(folder: string, names: readonly string[]): Promise<readonly string[]> {
  const there = await readdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const found = new Set(there.map((name) => name.replaceAll("\\", "/")));
  return names.filter((name) => found.has(name));
}
