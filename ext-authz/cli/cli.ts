/** The dispatcher: picks the command, prints help, turns what is thrown into the exit codes of DESIGN §5. */
import { redact } from "../observe/log.ts";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";

// Loaded when asked for: `--help` needs no gRPC, `serve` needs no demo.
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  init: async () => (await import("./init.ts")).init,
  serve: async () => (await import("./serve.ts")).serve,
  check: async () => (await import("./check.ts")).check,
  test: async () => (await import("./test.ts")).test,
  replay: async () => (await import("./replay.ts")).replay,
  lint: async () => (await import("./lint.ts")).lint,
  render: async () => (await import("./render.ts")).render,
  doctor: async () => (await import("./doctor.ts")).doctor,
  keys: async () => (await import("./keys.ts")).keys,
  demo: async () => (await import("./demo.ts")).demo,
};

const standard: Output = {
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
};

export async function main(args: readonly string[], output: Output = standard): Promise<ExitCode> {
  const [name, ...rest] = args;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    output.out(await help());
    return name === undefined ? EXIT.usage : EXIT.fine;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    output.err(`countersign: no command "${name}"; one of: ${Object.keys(COMMANDS).join(", ")}`);
    return EXIT.usage;
  }
  try {
    const command = await load();
    if (rest.includes("--help") || rest.includes("-h")) {
      output.out(command.usage);
      return EXIT.fine;
    }
    return await command.run(rest, output);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    output.err(redact(`countersign ${name}: ${message}`));
    const wrongOption =
      error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
    return error instanceof UsageError || wrongOption ? EXIT.usage : EXIT.failed;
  }
}

async function help(): Promise<string> {
  const rows = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(8)} ${(await load()).summary}`),
  );
  return [
    "countersign: identity and trust from the gateway into the mesh",
    "",
    "usage: countersign COMMAND [--help]",
    "",
    ...rows,
  ].join("\n");
}
