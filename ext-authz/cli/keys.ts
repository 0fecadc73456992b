/**
 * `countersign keys`: the keys of stamps (`stampKeys.file`) and of internal tokens (`mint.keyFile`) that the settings name. Effects:
 * reads them; `rotate` replaces the file of stamp keys by renaming. Nothing secret is ever printed.
 */
import { parseArgs } from "node:util";
import { type Command, EXIT, type ExitCode, type Output, UsageError } from "./command.ts";
import { type KeyFiles, readKeyFiles, replaceFile } from "./key-files.ts";
import { formatProblem, loadSettings } from "./load-settings.ts";
import { newStampKey, publicHalf } from "./new-stamp-key.ts";
import { rotate, STEPS, type Step } from "./stamp-key-rotation.ts";
import { findingsOf, type KeyFinding, stateOf, timeline } from "./stamp-key-states.ts";

export const keys: Command = {
  summary: "list the keys of stamps and internal tokens, rotate those of stamps",
  usage: `usage: countersign keys list [--config FILE] [--json]
       countersign keys simulate [--config FILE] [--json]
       countersign keys rotate [--config FILE] [--step add|sign|remove] [--algorithm NAME] [--dry-run]
                               [--settle SECONDS] [--stamp-lifetime SECONDS] [--json]

The keys that the settings name: those of stamps (stampKeys.file), which proxies fetch, and the one that signs internal tokens.
  list       each key with its state (pending, published, active, retiring, gone), and what is wrong
  simulate   what will sign and what will verify whenever a key begins or ends
  rotate     the next of three steps: a new key is added, signs, the old ones are removed. Run it thrice, and between two
             steps let every proxy fetch: a step that comes too soon is refused
  --settle           how long ago the step before must be; default 90, more than a proxy's longest pollMilliseconds
  --stamp-lifetime   how long stamps of the old key hold after it ceased to sign; default 30, as stamp.lifetimeSeconds

Exit codes: 0 fine, 1 warnings or errors were found or the step comes too soon, 2 wrong usage or bad input, 3 could not run.`,
  run: runKeys,
};

const options = {
  config: { type: "string", short: "c" },
  step: { type: "string" },
  algorithm: { type: "string" },
  settle: { type: "string", default: "90" },
  "stamp-lifetime": { type: "string", default: "30" },
  "dry-run": { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

function parse(args: readonly string[]) {
  return parseArgs({ args: [...args], options, allowPositionals: true });
}
type Values = ReturnType<typeof parse>["values"];

async function runKeys(args: readonly string[], output: Output): Promise<ExitCode> {
  const { values, positionals } = parse(args);
  const [what = "", more] = positionals;
  if (!["list", "simulate", "rotate"].includes(what) || more !== undefined) {
    throw new UsageError("what to do: keys list, keys simulate, or keys rotate");
  }
  const settings = await loadSettings(values.config);
  if (!settings.ok) {
    for (const problem of settings.error) output.err(formatProblem(problem));
    return EXIT.usage;
  }
  const files = await readKeyFiles(settings.value);
  if (!files.ok) {
    output.err(files.error);
    return EXIT.usage;
  }
  const now = Math.floor(Date.now() / 1000);
  if (what === "list") return list(files.value, now, values, output);
  return what === "simulate" ? simulate(files.value, now, values, output) : turn(files.value, now, values, output);
}

function list({ stamps, minting }: KeyFiles, now: number, { json }: Values, output: Output): ExitCode {
  const findings = stamps === undefined ? [] : findingsOf(stamps.ring, now, stamps.mode);
  const rows = (stamps?.ring.keys ?? []).map(({ key, signs }, place) => {
    const { id, algorithm, notBefore, notAfter } = key;
    const state = stamps === undefined ? "gone" : stateOf(stamps.ring, place, now);
    return { id, algorithm, state, signs, ...(notBefore && { notBefore }), ...(notAfter && { notAfter }) };
  });
  if (json) output.out(JSON.stringify({ stamps: rows, minting: minting ?? null, findings }));
  else {
    output.out(stamps === undefined ? "no stampKeys in the settings" : `stamps: ${stamps.file}`);
    for (const row of rows) {
      const times = [row.notBefore && `from ${date(row.notBefore)}`, row.notAfter && `until ${date(row.notAfter)}`];
      const words = [row.state, row.algorithm, row.signs ? "" : "verifies only", ...times.filter((time) => time)];
      output.out(`  key ${row.id}  ${words.filter((word) => word !== "").join("  ")}`);
    }
    output.out(minting === undefined ? "no mint.keyFile in the settings" : `internal tokens: ES256  ${minting.kid}`);
    for (const finding of findings) for (const line of lines(finding)) output.out(line);
  }
  return findings.every(({ severity }) => severity === "info") ? EXIT.fine : EXIT.findings;
}

function simulate({ stamps }: KeyFiles, now: number, { json }: Values, output: Output): ExitCode {
  if (stamps === undefined) throw new UsageError("no stampKeys in the settings");
  const moments = timeline(stamps.ring, now);
  const mute = stamps.ring.signer >= 0 ? moments.filter(({ signs }) => signs === "") : [];
  if (json) output.out(JSON.stringify({ moments }));
  else {
    for (const { at, signs, verify } of moments) {
      output.out(`${date(at)}  signs: ${signs === "" ? "nobody" : signs}  verify: ${verify.join(", ") || "nobody"}`);
    }
  }
  return mute.length === 0 ? EXIT.fine : EXIT.findings;
}

async function turn({ stamps }: KeyFiles, now: number, values: Values, output: Output): Promise<ExitCode> {
  if (stamps === undefined) throw new UsageError("no stampKeys in the settings");
  const [settle, lifetime] = [seconds(values.settle, "settle"), seconds(values["stamp-lifetime"], "stamp-lifetime")];
  const made = { publicKey: "" };
  const rotated = rotate(
    stamps.text,
    readStep(values.step),
    (algorithm) => {
      const key = newStampKey(values.algorithm ?? algorithm, now);
      made.publicKey = publicHalf(key);
      return key;
    },
    now,
  );
  if (!rotated.ok) {
    output.err(`${stamps.file}: ${rotated.error}`);
    return EXIT.usage;
  }
  const { step, keys, text } = rotated.value;
  const rest = stamps.changed + settle + (step === "remove" ? lifetime : 0) - now;
  if (step !== "add" && rest > 0) {
    output.err(`${stamps.file} changed a moment ago: proxies may not have it yet; ${step} in ${rest} s, or --settle`);
    return EXIT.findings;
  }
  if (!values["dry-run"]) await replaceFile(stamps, text);
  const public_ = step === "add" && made.publicKey !== "" ? { publicKey: made.publicKey } : {};
  if (values.json) output.out(JSON.stringify({ step, keys, written: !values["dry-run"], ...public_ }));
  else {
    output.out(`${values["dry-run"] ? "would " : ""}${step}: ${keys.join(", ")}`);
    if (public_.publicKey !== undefined) output.out(`for files that verify only: ${public_.publicKey}`);
  }
  return EXIT.fine;
}

function readStep(text: string | undefined): Step | undefined {
  const step = STEPS.find((one) => one === text);
  if (text !== undefined && step === undefined) throw new UsageError(`--step: one of ${STEPS.join(", ")}`);
  return step;
}

function seconds(text: string, name: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new UsageError(`--${name}: whole seconds`);
  return Number(text);
}

function date(at: number): string {
  return new Date(at * 1000).toISOString().replace(".000Z", "Z");
}

function lines({ id, severity, why, fix }: KeyFinding): readonly string[] {
  return [`  ${severity} ${id}: ${why}`, `    fix: ${fix}`];
}
