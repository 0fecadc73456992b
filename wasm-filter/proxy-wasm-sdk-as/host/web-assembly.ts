/**
 * The part of the WebAssembly JavaScript API that the host uses, typed here since the Node types leave it to the DOM's.
 * Source: https://webassembly.github.io/spec/js-api/
 */

export type WasmValue = number | bigint;
export type WasmFunction = (...args: WasmValue[]) => WasmValue | undefined;

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

export interface WasmModule {
  readonly [Symbol.toStringTag]: string;
}

interface Api {
  compile(bytes: Uint8Array): Promise<WasmModule>;
  Module: { imports(module: WasmModule): { module: string; name: string; kind: string }[] };
  Instance: new (
    module: WasmModule,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
  Memory: new (limits: { initial: number }) => WasmMemory;
}

declare const WebAssembly: Api;

export const wasm: Api = WebAssembly;

export function isFunction(value: unknown): value is WasmFunction {
  return typeof value === "function";
}

export function isMemory(value: unknown): value is WasmMemory {
  return value instanceof WebAssembly.Memory;
}
