/**
 * The part of the WebAssembly JavaScript API that the engine uses, typed here since Node's types leave it to the DOM's.
 * Source: https://webassembly.github.io/spec/js-api/
 */

interface Api {
  Module: {
    new (bytes: Uint8Array): WebAssembly.Module;
    imports(module: WebAssembly.Module): { readonly module: string; readonly name: string }[];
    exports(module: WebAssembly.Module): { readonly name: string }[];
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
