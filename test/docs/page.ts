/**
 * Reads a page that is to be followed step by step. In: Markdown. Out: its steps, in order. Pure.
 * `sh`: commands; a line that ends in `&` goes on running; `# exit code N` says how the last one ends (else 0).
 * `text` behind commands is what they print, `text NAME` what the running command with NAME in it says from now on.
 * Any other block is a file, whose name ends the line before: "…, in `policies/own.yaml`:".
 */
import { posix } from "node:path";

/** `block` = the line of its block: what a block's commands print belongs together. */
export type Step = { readonly line: number; readonly block: number } & (
  | { readonly kind: "write"; readonly name: string; readonly text: string }
  | { readonly kind: "start"; readonly command: string }
  | { readonly kind: "says"; readonly name: string; readonly text: string }
  | { readonly kind: "run"; readonly commands: string; readonly exitCode: number; readonly prints: string | undefined }
);

const FILES: readonly string[] = ["yaml", "json", "js"];
const FENCE = "```";

interface Block {
  readonly language: string;
  readonly name: string;
  readonly text: string;
  readonly before: string;
  /** Of its first line; counts from 1. */
  readonly line: number;
}

/** @throws Error for a block of which it is not clear what to do with it: a reader would not know either. */
export function readSteps(markdown: string): readonly Step[] {
  const steps: Step[] = [];
  for (const block of readBlocks(markdown)) {
    const { language, line, text } = block;
    const place = { line, block: line };
    if (language === "sh") steps.push(...commandSteps(block));
    else if (language === "text" && block.name !== "") steps.push({ ...place, kind: "says", name: block.name, text });
    else if (language === "text") addOutput(steps, block);
    else if (FILES.includes(language)) steps.push({ ...place, kind: "write", name: fileName(block), text });
    else throw new Error(`line ${line}: nobody knows what to do with a block of "${language}"`);
  }
  return steps;
}

function readBlocks(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  for (let index = 0; index < lines.length; index++) {
    const opening = lines[index] ?? "";
    if (!opening.startsWith(FENCE)) continue;
    const end = lines.indexOf(FENCE, index + 1);
    if (end < 0) throw new Error(`line ${index + 1}: a block without an end`);
    const [language = "", name = ""] = opening.slice(FENCE.length).split(" ");
    const text = `${lines.slice(index + 1, end).join("\n")}\n`;
    blocks.push({ language, name, text, before: lines[index - 1] ?? "", line: index + 2 });
    index = end;
  }
  return blocks;
}

function commandSteps({ text, line: block }: Block): readonly Step[] {
  const steps: Step[] = [];
  let commands: string[] = [];
  const flush = (next: number): void => {
    if (commands.length === 0) return;
    const exitCode = Number(commands.at(-1)?.split("# exit code ")[1] ?? 0);
    const first = next - commands.length;
    steps.push({ kind: "run", line: first, block, commands: commands.join("\n"), exitCode, prints: undefined });
    commands = [];
  };
  const lines = text.trimEnd().split("\n");
  for (const [index, command] of lines.entries()) {
    const line = block + index;
    if (command.endsWith(" &")) {
      flush(line);
      steps.push({ kind: "start", line, block, command: command.slice(0, -2) });
    } else commands.push(command);
  }
  flush(block + lines.length);
  return steps;
}

function addOutput(steps: Step[], { text, line }: Block): void {
  const last = steps.pop();
  if (last?.kind !== "run" || last.prints !== undefined) throw new Error(`line ${line}: no command has printed this`);
  steps.push({ ...last, prints: text });
}

/** Inside the reader's folder, or it is none. */
function fileName({ before, line }: Block): string {
  const name = before.endsWith("`:") ? before.slice(before.lastIndexOf("`", before.length - 3) + 1, -2) : "";
  const plain = posix.normalize(name);
  if (name === "" || plain !== name || plain.startsWith("..") || posix.isAbsolute(plain))
    throw new Error(`line ${line}: the line before does not end with the name of a file`);
  return name;
}
