/**
 * docs/start.md is what happens. In: the page. Out: whether each command printed and ended as it says, in an empty folder
 * with this checkout's command and a real Envoy. Effects: processes on free ports, all stopped.
 */
import { access, readFile } from "node:fs/promises";
import { afterEach, describe, expect, it } from "vitest";
import { EnvoyMissing, findEnvoy } from "../../setup/envoy.mjs";
import { freePorts } from "./free-ports.ts";
import { readSteps, type Step } from "./page.ts";
import { prints } from "./printed.ts";
import { type Reader, startReading } from "./reader.ts";

const file = new URL("../../docs/start.md", import.meta.url);
const PORTS = 20;

describe("docs/start.md", () => {
  let reader: Reader | undefined;
  afterEach(async () => {
    await reader?.leave();
    reader = undefined;
  });

  it("command by command", async ({ skip }) => {
    const [ports, envoy] = await Promise.all([freePorts(PORTS), envoyOrNone()]);
    const steps = readSteps(ports.exchange(await readFile(file, "utf8")));
    reader = await startReading(envoy, ports);
    const said = new Map<number, string>();
    for (const step of steps) {
      const needs = needsEnvoy(step);
      if (envoy === "" && needs !== undefined)
        skip(`no Envoy for \`${needs}\` and what follows; npm run setup gets one`);
      await follow(reader, step, said);
    }
  });

  it("links to pages that are there", async () => {
    const links = [...(await readFile(file, "utf8")).matchAll(/\]\(([^)]+)\)/g)].map(([, link = ""]) => link);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) await expect(access(new URL(link, file)), link).resolves.toBeUndefined();
  });
});

/** @param said what each block's commands printed so far. */
async function follow(reader: Reader, step: Step, said: Map<number, string>): Promise<void> {
  const place = `docs/start.md:${step.line}`;
  if (step.kind === "write") return reader.write(step.name, step.text);
  if (step.kind === "start") return reader.start(step.command);
  if (step.kind === "says") {
    return reader.hear(step.name, step.text).catch((cause: unknown) => {
      throw new Error(`${place}: ${step.name} should print\n${step.text}`, { cause });
    });
  }
  const { code, printed: now } = await reader.run(step.commands);
  const printed = `${said.get(step.block) ?? ""}${now}`;
  said.set(step.block, printed);
  const all = `${printed}\n(running beside it: ${reader.tails()})`;
  expect(code, `${place}: exit code of\n${step.commands}\nwhich printed\n${all}`).toBe(step.exitCode);
  if (step.prints !== undefined && !prints(step.prints, printed)) {
    expect.fail(`${place}:\n${step.commands}\n--- should print\n${step.prints}--- but printed\n${all}`);
  }
}

function needsEnvoy(step: Step): string | undefined {
  const command = step.kind === "start" ? step.command : step.kind === "run" ? step.commands : "";
  return command.split(" ").includes("envoy") && command.includes("envoy -c ") ? command : undefined;
}

async function envoyOrNone(): Promise<string> {
  return findEnvoy().then(
    ({ path }) => path,
    (error: unknown) => {
      if (error instanceof EnvoyMissing) return "";
      throw error;
    },
  );
}

describe("what a page says and what a program prints", () => {
  it.each<[string, string, string, boolean]>([
    ["the same", "a\nb\n", "a\nb\n", true],
    ["one line more", "a\n", "a\nb\n", false],
    ["one line less", "a\nb\n", "a\n", false],
    ["nothing, where something is said", "a\n", "", false],
    ["some characters", "a…c…e\n", "abcde\n", true],
    ["none, where some may be", "a…b\n", "ab\n", true],
    ["pieces in another order", "…c…b…\n", "abc\n", false],
    ["pieces that overlap", "ab…bc\n", "abc\n", false],
    ["a wildcard ends with its line", "a…c\n", "a\nc\n", false],
    ["lines", "a\n…\nc\n", "a\nb\nb\nc\n", true],
    ["no line, where some may be", "a\n…\nc\n", "a\nc\n", true],
    ["lines, and one that is missing behind them", "a\n…\nc\n", "a\nb\n", false],
    ["spaces and line ends of HTTP", "a\nb\n", "a \r\nb\n\n", true],
  ])("%s", (_, expected, actual, fits) => {
    expect(prints(expected, actual)).toBe(fits);
  });
});

describe("a page's steps", () => {
  it("are its blocks in order", () => {
    const page =
      "In `a/b.yaml`:\n```yaml\nx: 1\n```\n```sh\none\ntwo 3 &\nfour # exit code 2\n```\n```text\n4\n```\n```text two\n2\n```\n";
    expect(readSteps(page)).toEqual([
      { kind: "write", line: 3, block: 3, name: "a/b.yaml", text: "x: 1\n" },
      { kind: "run", line: 6, block: 6, commands: "one", exitCode: 0, prints: undefined },
      { kind: "start", line: 7, block: 6, command: "two 3" },
      { kind: "run", line: 8, block: 6, commands: "four # exit code 2", exitCode: 2, prints: "4\n" },
      { kind: "says", line: 14, block: 14, name: "two", text: "2\n" },
    ]);
  });

  it.each([
    ["a file without a name", "Look:\n```yaml\nx: 1\n```\n", "line 3"],
    ["a file outside the folder", "In `../x.yaml`:\n```yaml\nx: 1\n```\n", "line 3"],
    ["a file by a crooked way", "In `a/../x.yaml`:\n```yaml\nx: 1\n```\n", "line 3"],
    ["output of nothing", "```text\nx\n```\n", "line 2"],
    ["output of what goes on running", "```sh\nx &\n```\n```text\nx\n```\n", "line 5"],
    ["a language of which nobody knows", "```toml\nx\n```\n", "line 2"],
    ["a block without an end", "```sh\nx\n", "line 1"],
  ])("refuse %s", (_, page, message) => {
    expect(() => readSteps(page)).toThrow(message);
  });
});
