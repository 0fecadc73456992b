/**
 * Somebody who follows a page to the letter. In: one step after the other. Out: what a command printed and how it ended.
 * Effects: an empty folder, processes in it that are stopped by `leave`; `npx countersign` is this checkout's command.
 */
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Child, startChild } from "../../examples/demo/child.ts";
import { makeFolder } from "../support/folder.ts";
import type { Ports } from "./free-ports.ts";
import { prints } from "./printed.ts";

export interface Answer {
  readonly code: number;
  /** Both outputs, as a terminal shows them. */
  readonly printed: string;
}

export interface Reader {
  write(name: string, text: string): Promise<void>;
  run(commands: string): Promise<Answer>;
  start(command: string): void;
  /** Resolves at the first line, not heard before, that is as expected. @throws StartError when none comes. */
  hear(name: string, expected: string): Promise<void>;
  /** What the processes that go on running said last. */
  tails(): string;
  leave(): Promise<void>;
}

const COMMAND = fileURLToPath(new URL("../../ext-authz/countersign.mjs", import.meta.url));
const RUN_MS = 40_000;

/** @param envoy the binary; "" = there is none. */
export async function startReading(envoy: string, ports: Ports): Promise<Reader> {
  const folder = await makeFolder();
  const bin = join(folder.path, "bin");
  const work = join(folder.path, "work");
  await Promise.all([mkdir(bin), mkdir(work)]);
  const npx = `[ "$1" = countersign ] || exit 127\nshift\nexec ${quoted(process.execPath)} ${quoted(COMMAND)} "$@"`;
  await writeFile(join(bin, "npx"), `#!/bin/sh\n${npx}\n`, { mode: 0o755 });
  if (envoy !== "") {
    await writeFile(join(bin, "envoy"), `#!/bin/sh\nexec ${quoted(envoy)} --concurrency 1 "$@"\n`, { mode: 0o755 });
  }
  const setting = `unset COUNTERSIGN_CONFIG NODE_OPTIONS; export PATH=${quoted(bin)}:"$PATH" NO_PROXY=127.0.0.1`;
  const children: { readonly command: string; readonly child: Child }[] = [];
  const heard = new Set<string>();

  return {
    async write(name, text) {
      await mkdir(dirname(join(work, name)), { recursive: true });
      await writeFile(join(work, name), text);
    },
    async run(commands) {
      const answer = await runAll(`${setting}; exec 2>&1\n${commands}`, work);
      // A machine of its own would use the ports that init writes as they are.
      if (commands.startsWith("npx countersign init ")) await moveFiles(work, ports);
      return answer;
    },
    start(command) {
      const child = startChild(command, "bash", ["-c", `${setting}; exec ${command}`], work);
      children.push({ command, child });
    },
    async hear(name, expected) {
      const found = children.findLast(({ command }) => command.split(" ").includes(name));
      if (found === undefined) throw new Error(`nothing with ${name} in its command is running`);
      const fits = (line: string) => (!heard.has(line) && prints(expected, line) ? line : undefined);
      heard.add(await found.child.line(fits));
    },
    tails: () => children.map(({ command, child }) => `${command}\n${child.tail()}`).join("\n"),
    async leave() {
      await Promise.all(children.map(({ child }) => child.stop()));
      await folder.remove();
    },
  };
}

function runAll(script: string, cwd: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const args = ["-e", "-o", "pipefail", "-c", script];
    const child = execFile("bash", args, { cwd, timeout: RUN_MS }, (error, printed) => {
      if (error === null) resolve({ code: 0, printed });
      else if (typeof error.code === "number") resolve({ code: error.code, printed });
      else reject(error);
    });
    child.stdin?.end();
  });
}

async function moveFiles(folder: string, ports: Ports): Promise<void> {
  const policies = (await readdir(join(folder, "policies"))).map((name) => join("policies", name));
  for (const name of ["countersign.yaml", "countersign.zones.yaml", ...policies]) {
    const text = await readFile(join(folder, name), "utf8");
    await writeFile(join(folder, name), ports.exchange(text));
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
