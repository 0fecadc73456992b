/**
 * In: a module that `opa build -t wasm` made, its data, the name of a rule. Out: a function from an input document to the
 * rule's decision, or why the module cannot be used. Pure but for the instance, which is an evaluation's scratch memory.
 *
 * Bounded: the input in bytes, the memory in pages. Not bounded is time: Wasm cannot be interrupted in its own thread, so
 * it is Rego's own promise that evaluation ends. After a trap or a large request the instance is thrown away.
 */
import { createRequire } from "node:module";
import type { LoadedPolicy } from "@open-policy-agent/opa-wasm";
import type { JsonObject } from "../../model.ts";
import { err, ok, type Result } from "../../result.ts";
import { readAnswer } from "./answer.ts";
import { hostBuiltins, missingBuiltins } from "./builtins.ts";
import type { RegoModule } from "./bundle.ts";
import { exportsOf, type WasmModule, wasmApi } from "./web-assembly.ts";

// The package's ES module does not export what its types promise; its CommonJS one does.
const { loadPolicySync } = createRequire(import.meta.url)(
  "@open-policy-agent/opa-wasm",
) as typeof import("@open-policy-agent/opa-wasm");

/** @param input the input document as JSON. @param now seconds since the epoch. Never throws. */
export type RegoRule = (input: string, now: number) => Result<boolean, string>;

/** Bytes of the input document. */
export const MAX_INPUT_BYTES = 256 * 1024;
/** Pages of 64 KiB. */
const MAX_PAGES = 1024;
const INITIAL_PAGES = 16;
/** An instance that has grown beyond this many bytes is not kept. */
const KEPT_BYTES = 8 * 1024 * 1024;

export function compileRego({ wasm, data }: RegoModule, entrypoint: string): Result<RegoRule, string> {
  const compiled = compileModule(wasm);
  if (!compiled.ok) return compiled;
  const builtins = hostBuiltins();
  const instantiate = () => instantiateModule(compiled.value, data, builtins.functions);
  const first = attempt(instantiate);
  if (!first.ok) return err(`cannot be loaded: ${first.error}`);
  const entrypoints: unknown = first.value.entrypoints;
  if (typeof entrypoints !== "object" || entrypoints === null || !Object.hasOwn(entrypoints, entrypoint)) {
    return err(`has no entrypoint \`${entrypoint}\`; it has: ${Object.keys(entrypoints ?? {}).join(", ")}`);
  }
  const wanted = attempt(() => builtinsOf(first.value));
  if (!wanted.ok) return err(`cannot be loaded: ${wanted.error}`);
  const missing = missingBuiltins(wanted.value);
  if (missing.length > 0) return err(`needs built-ins that are not available here: ${missing.join(", ")}`);

  let instance: LoadedPolicy | undefined = first.value;
  return ok((input, now) => {
    const bytes = new TextEncoder().encode(input);
    if (bytes.length > MAX_INPUT_BYTES) return err("the input document is too large");
    builtins.setTime(now);
    const result = attempt(() => {
      instance ??= instantiate();
      const set: unknown = instance.evaluate(new Uint8Array(bytes).buffer, entrypoint);
      if (instance.mem.buffer.byteLength > KEPT_BYTES) instance = undefined;
      return set;
    });
    if (result.ok) return readAnswer(onlyResult(result.value));
    instance = undefined;
    return err(`the evaluation failed: ${result.error}`);
  });
}

const IMPORTS: ReadonlySet<string> = new Set([
  ...["memory", "opa_abort", "opa_println"],
  ...[0, 1, 2, 3, 4].map((arity) => `opa_builtin${arity}`),
]);

function compileModule(wasm: Uint8Array): Result<WasmModule, string> {
  const compiled = attempt(() => new wasmApi.Module(new Uint8Array(wasm)));
  if (!compiled.ok) return err(`is no WebAssembly module: ${compiled.error}`);
  const foreign = wasmApi.Module.imports(compiled.value).find(
    ({ module, name }) => module !== "env" || !IMPORTS.has(name),
  );
  if (foreign !== undefined) return err(`is no OPA module: it imports ${foreign.module}.${foreign.name}`);
  const exported = new Set(wasmApi.Module.exports(compiled.value).map(({ name }) => name));
  const absent = ["opa_eval", "entrypoints", "builtins", "opa_wasm_abi_version"].find((name) => !exported.has(name));
  return absent === undefined ? compiled : err(`is no OPA module: it does not export ${absent}`);
}

function instantiateModule(module: WasmModule, data: JsonObject, functions: Parameters<typeof loadPolicySync>[2]) {
  const policy = loadPolicySync(module, { initial: INITIAL_PAGES, maximum: MAX_PAGES }, functions);
  policy.setData(data);
  return policy;
}

/** The names of the host functions that the module was compiled to call. */
function builtinsOf(policy: LoadedPolicy): readonly string[] {
  const { wasmInstance, mem } = policy;
  const { builtins, opa_json_dump: dump } = exportsOf(wasmInstance);
  if (typeof builtins !== "function" || typeof dump !== "function") throw new Error("no table of built-ins");
  const start: unknown = dump(builtins());
  if (typeof start !== "number") throw new Error("no table of built-ins");
  const memory = new Uint8Array(mem.buffer);
  const text = new TextDecoder().decode(memory.subarray(start, memory.indexOf(0, start)));
  const table: unknown = JSON.parse(text);
  return typeof table === "object" && table !== null ? Object.keys(table) : [];
}

/** The SDK gives a list of results: none when the rule is undefined. */
function onlyResult(set: unknown): unknown {
  const first: unknown = Array.isArray(set) ? set[0] : undefined;
  if (typeof first !== "object" || first === null) return undefined;
  return Object.getOwnPropertyDescriptor(first, "result")?.value;
}

/** The SDK throws strings, the engine errors of many kinds; all of them mean "no decision". */
function attempt<T>(run: () => T): Result<T, string> {
  try {
    return ok(run());
  } catch (thrown) {
    const text = thrown instanceof Error ? thrown.message : typeof thrown === "string" ? thrown : "unknown failure";
    return err(text.slice(0, 200));
  }
}
