/**
 * Compiles the filter. In: assembly/ and the SDK's assembly/. Out: build/countersign.wasm; with `--test` the module
 * build/crypto-test.wasm (and its glue) that exports the pure parts to tests; with `--trap` one that traps on demand, with
 * `--collide` one whose hashes collide, with `--heap` the memory alone, with `--noop` one that does nothing.
 * Effects: files under build/, one line on standard output. Does nothing when the sources are those of the last build.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { main as asc, libraryFiles } from "assemblyscript/asc";
import { packData } from "./pack-data.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, "build");
const optimize = ["-Oz", "--converge"];
/**
 * Binaryen once more, on the whole: it finds what asc's own run leaves, and puts functions that are as small as a call (in
 * its units) where they are called: what asc builds for size spends its time on calls of one-line functions.
 */
const again = [
  ...["--enable-bulk-memory", "--enable-sign-ext", "--enable-nontrapping-float-to-int", "--enable-mutable-globals"],
  // As asc does: nothing stands in the first kilobyte, so that offsets below it never wrap around.
  "--low-memory-unused",
  ...["-Oz", "--converge", "--always-inline-max-function-size", "8", "--inlining-optimizing", "-Oz"],
];

/** `--test` wants names that JavaScript can call; the module for Envoy wants no import that Envoy does not offer. */
const abort = "abort=~lib/proxy-wasm-sdk-as/assembly/abort/abort";
// `minimal`: the filter says itself when garbage is collected (assembly/tidy.ts). A path in its place would be taken for a
// runtime that needs a shadow stack, so that ours is put where the compiler keeps its own.
const runtime = path.join(here, "assembly", "runtime", "heap.ts");
const withAbort = ["--runtime", "minimal", "--exportStart", "_initialize", "--use", abort];
const targets = {
  "": { file: "countersign.wasm", entry: "assembly/index.ts", flags: withAbort },
  "--trap": { file: "trap-test.wasm", entry: "assembly/trap-entry.ts", flags: withAbort },
  "--collide": { file: "collide-test.wasm", entry: "assembly/collide-entry.ts", flags: withAbort },
  "--heap": {
    file: "heap-test.wasm",
    entry: "assembly/heap-entry.ts",
    flags: ["--runtime", "minimal", "--exportStart", "_initialize"],
  },
  "--noop": { file: "noop.wasm", entry: "assembly/noop-entry.ts", flags: withAbort },
  "--test": {
    file: "crypto-test.wasm",
    entry: "assembly/test-entry.ts",
    flags: ["--runtime", "incremental", "--exportRuntime", "--bindings", "raw"],
  },
};

const [asked = "", unknown] = process.argv.slice(2);
const target = Object.hasOwn(targets, asked) && unknown === undefined ? targets[asked] : undefined;
if (target === undefined) {
  console.error(
    `unknown argument: ${unknown ?? asked}\nusage: node wasm-filter/build.mjs [--test | --trap | --collide | --heap | --noop]`,
  );
  process.exit(2);
}

const file = path.join(out, target.file);
const stamp = `${file}.sources`;
const sources = sourceHash();
const isFresh = existsSync(file) && existsSync(stamp) && readFileSync(stamp, "utf8") === sources;
if (!isFresh) await compile();
const bytes = readFileSync(file);
const sha256 = createHash("sha256").update(bytes).digest("hex");
console.log(`${path.relative(process.cwd(), file)} ${bytes.length} bytes sha256 ${sha256}${isFresh ? " (fresh)" : ""}`);

/** Into a file of our own, then renamed: a test that runs at the same time sees the old module or the new, never half. */
async function compile() {
  mkdirSync(out, { recursive: true });
  const scratch = path.join(out, `.${process.pid}`);
  mkdirSync(scratch, { recursive: true });
  try {
    const made = path.join(scratch, target.file);
    // Decorators are written here, since on functions they are AssemblyScript's alone.
    libraryFiles["rt/index-minimal"] = runtimeSource().replace(/^export function __/gm, "@global @unsafe $&");
    const { error, stderr } = await asc([
      ...[target.entry, ...optimize, ...target.flags],
      ...["--baseDir", here, "-o", path.relative(here, made)],
    ]);
    if (error !== null) fail(stderr.toString());
    // The glue for tests knows the module as asc made it, and reads no literals at start: only what Envoy loads is packed.
    if (asked !== "--test") {
      const compiler = createRequire(import.meta.url).resolve("assemblyscript/package.json");
      const binaryen = createRequire(compiler).resolve("binaryen/package.json");
      run(path.join(path.dirname(binaryen), "bin/wasm-opt"), [made, ...again, "-o", made]);
      writeFileSync(made, packData(readFileSync(made)));
    }
    for (const name of readdirSync(scratch)) renameSync(path.join(scratch, name), path.join(out, name));
    writeFileSync(stamp, sources);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** For its tests it comes around after a few collections instead of four billion. */
function runtimeSource() {
  const source = readFileSync(runtime, "utf8");
  return asked === "--heap" ? source.replace("let epoch: u32 = 0;", "let epoch: u32 = 0xfffffff0;") : source;
}

/** A program of a package, in this folder. @throws when it fails; what it said is on standard error. */
function run(program, args) {
  const ended = spawnSync(process.execPath, [program, ...args], { cwd: here, encoding: "utf8" });
  if (ended.status !== 0) fail(`${ended.stdout ?? ""}${ended.stderr ?? ended.error ?? ""}`);
}

function fail(said) {
  console.error(said);
  process.exitCode = 1;
  throw new Error("the filter does not compile");
}

/** Names and contents of everything that goes into the module, and how it is built. */
function sourceHash() {
  const hash = createHash("sha256").update(JSON.stringify([target, optimize, again]));
  hash.update(readFileSync(path.join(here, "pack-data.mjs")));
  for (const folder of ["assembly", "proxy-wasm-sdk-as/assembly"]) {
    const root = path.join(here, folder);
    for (const name of readdirSync(root, { recursive: true, encoding: "utf8" }).sort()) {
      if (name.endsWith(".ts")) hash.update(`${folder}/${name}\0`).update(readFileSync(path.join(root, name)));
    }
  }
  return hash.digest("hex");
}
