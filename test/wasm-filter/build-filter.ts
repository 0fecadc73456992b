/**
 * The compiled modules for the tests of this folder. In: nothing but the sources. Out: the built filter's bytes, and the pure
 * parts as functions. Effects: builds once when the sources have changed.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const ROOT = new URL("../../", import.meta.url);
const build = (file: string) => new URL(`wasm-filter/build/${file}`, ROOT);

function run(...flags: string[]): void {
  execFileSync(process.execPath, [new URL("wasm-filter/build.mjs", ROOT).pathname, ...flags], { stdio: "pipe" });
}

/** The module as Envoy loads it. */
export function builtFilter(): Uint8Array {
  run();
  return new Uint8Array(readFileSync(build("countersign.wasm")));
}

/** The same as a file on disk, for a real Envoy. */
export function filterPath(): string {
  run();
  return build("countersign.wasm").pathname;
}

/** A module whose guard traps on a request with `x-trap`. */
export function trappingFilterPath(): string {
  run("--trap");
  return build("trap-test.wasm").pathname;
}

/** A module whose hashes collide. */
export function collidingFilter(): Uint8Array {
  run("--collide");
  return new Uint8Array(readFileSync(build("collide-test.wasm")));
}

/** wasm-filter/assembly/heap-entry.ts, compiled: nothing but the module's memory. */
export function heapModule(): Uint8Array {
  run("--heap");
  return new Uint8Array(readFileSync(build("heap-test.wasm")));
}

/** wasm-filter/assembly/test-entry.ts, compiled. */
export interface PureParts {
  digest(data: Uint8Array): Uint8Array;
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  hmacAfter(key: Uint8Array, before: Uint8Array, data: Uint8Array, known: number): Uint8Array;
  base64Decode(text: Uint8Array, url: boolean): Uint8Array | null;
  base64Encode(data: Uint8Array): string;
  derSignature(raw: Uint8Array): Uint8Array | null;
  rawSignature(der: Uint8Array): Uint8Array | null;
  jsonProblem(text: Uint8Array, depth: number): string;
  jsonText(text: Uint8Array, name: string): string;
  jsonNumber(text: Uint8Array): number;
  unpacked(packed: Uint8Array, size: number): Uint8Array;
  dictionary(line: Uint8Array): string;
  stampParameters(line: Uint8Array): string;
  othersOnly(line: Uint8Array): Uint8Array;
  pathAmbiguity(target: Uint8Array, method: Uint8Array, normalized: boolean): string;
  owns(patterns: string, name: Uint8Array): boolean;
  mayOwn(patterns: string, name: Uint8Array): boolean;
  tokenRefusal(token: Uint8Array, now: number, requireExpiry: boolean, algorithm: string): string;
  base(head: string, fields: string, components: string, parameters: string): Uint8Array | null;
}

interface Compiler {
  compile(bytes: Uint8Array): Promise<object>;
}

export async function pureParts(): Promise<PureParts> {
  run("--test");
  const glue: { instantiate(module: object): Promise<PureParts> } = await import(
    pathToFileURL(build("crypto-test.js").pathname).href
  );
  const wasm: Compiler = Reflect.get(globalThis, "WebAssembly");
  return glue.instantiate(await wasm.compile(readFileSync(build("crypto-test.wasm"))));
}

/** Latin-1: one character per byte. */
export function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

export function hex(data: Uint8Array): string {
  return Buffer.from(data).toString("hex");
}
