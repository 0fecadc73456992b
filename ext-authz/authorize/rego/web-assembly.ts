/**
 * The part of the WebAssembly JavaScript API that the engine uses, typed here since Node's types leave it to the DOM's.
 * Source: https://webassembly.github.io/spec/js-api/
 */

/** A compiled module: nothing to be read off it here. */
export type WasmModule = object;

interface Api {
  Module: {
    new (bytes: Uint8Array): WasmModule;
    imports(module: WasmModule): { readonly module: string; readonly name: string }[];
    exports(module: WasmModule): { readonly name: string }[];
  };
}

declare const WebAssembly: Api;

export const wasmApi: Api = WebAssembly;

/** The exports of an instance by name; empty for anything else. */
export function exportsOf(instance: unknown): { readonly [name: string]: unknown } {
  if (typeof instance !== "object" || instance === null || !("exports" in instance)) return {};
  const { exports } = instance;
  return typeof exports === "object" && exports !== null ? { ...exports } : {};
}
