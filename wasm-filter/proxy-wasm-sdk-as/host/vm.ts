/**
 * One guest VM: loads a module the way Envoy does, calls its callbacks, and fails closed after a trap.
 * In: compiled module, what the host shares. Out: answers of callbacks. Effects: only through the shared functions.
 */
import { ModuleRefused, Trap, VmFailed } from "./errors.ts";
import { bufferImports } from "./imports/buffers.ts";
import { calloutImports } from "./imports/callouts.ts";
import { headerImports } from "./imports/headers.ts";
import { metricImports } from "./imports/metrics.ts";
import { propertyImports } from "./imports/properties.ts";
import { sharedImports } from "./imports/shared.ts";
import { streamImports } from "./imports/stream.ts";
import { systemImports, wasiImports } from "./imports/system.ts";
import { guestMemory } from "./memory.ts";
import type { ContextState, Shared, VmState } from "./state.ts";
import { isFunction, isMemory, type WasmModule, type WasmValue, wasm } from "./web-assembly.ts";

export interface Vm {
  readonly state: VmState;
  readonly failed: boolean;
  nextContextId(): number;
  pages(): number;
  /** Calls an export for a context; a missing export answers `missing`. Throws Trap or VmFailed. */
  call(context: ContextState, name: string, args: readonly WasmValue[], missing?: number): number;
  /** `proxy_on_log` and `proxy_on_delete`, then the context is gone. */
  finish(context: ContextState): void;
}

export interface VmSettings {
  readonly configuration: Uint8Array;
  readonly environment: Readonly<Record<string, string>>;
}

export function createVm(module: WasmModule, id: string, settings: VmSettings, shared: Shared): Vm {
  const state: VmState = {
    id,
    ...settings,
    shared,
    contexts: new Map(),
    metricIds: new Map(),
    memory: guestMemory({ buffer: new ArrayBuffer(0) }, () => 0),
    current: undefined,
    effective: undefined,
    nextToken: 1,
    finish: (context) => finish(context),
  };
  const notifyQueue = (rootId: number, token: number) => {
    const root = state.contexts.get(rootId);
    if (root) call(root, "proxy_on_queue_ready", [token]);
  };
  const provided = {
    env: {
      ...systemImports(state),
      ...headerImports(state),
      ...bufferImports(state),
      ...propertyImports(state),
      ...sharedImports(state, notifyQueue),
      ...metricImports(state),
      ...streamImports(state),
      ...calloutImports(state),
    },
    wasi_snapshot_preview1: wasiImports(state),
  };
  refuseUnknownImports(module, provided);
  const { exports } = new wasm.Instance(module, provided);
  const allocate = exports["proxy_on_memory_allocate"] ?? exports["malloc"];
  const memory = exports["memory"];
  if (!isMemory(memory)) throw new ModuleRefused("it exports no memory");
  if (!isFunction(allocate)) throw new ModuleRefused("it exports neither proxy_on_memory_allocate nor malloc");
  if (!isFunction(exports["proxy_abi_version_0_2_1"])) throw new ModuleRefused("it does not speak ABI 0.2.1");
  state.memory = guestMemory(memory, allocate);

  let failed = false;
  let depth = 0;
  let lastId = 0;
  const run = (name: string, args: readonly WasmValue[], missing: number): number => {
    if (failed) throw new VmFailed();
    const callback = exports[name];
    if (!isFunction(callback)) return missing;
    depth++;
    try {
      return Number(callback(...args) ?? 0);
    } catch (cause) {
      failed = true;
      throw new Trap(name, cause);
    } finally {
      depth--;
    }
  };
  const call = (context: ContextState, name: string, args: readonly WasmValue[], missing = 1): number => {
    const { current, effective } = state;
    state.current = context;
    state.effective = undefined;
    let answer: number;
    try {
      answer = run(name, [context.id, ...args], missing);
    } finally {
      state.current = current;
      state.effective = effective;
    }
    if (depth === 0) drain(shared.tasks);
    return answer;
  };
  const finish = (context: ContextState): void => {
    if (context.finished) return;
    context.finished = true;
    // An access log reads what went by.
    if (context.kind === "stream") context.passed.clear();
    call(context, "proxy_on_log", []);
    call(context, "proxy_on_delete", []);
    state.contexts.delete(context.id);
  };
  run("_initialize", [], 0);
  return {
    state,
    get failed() {
      return failed;
    },
    nextContextId: () => ++lastId,
    pages: () => memory.buffer.byteLength / 65_536,
    call,
    finish,
  };
}

// Taken out before it runs: a task that calls a guest finds an empty list or what is new.
function drain(tasks: (() => void)[]): void {
  for (let task = tasks.shift(); task; task = tasks.shift()) task();
}

function refuseUnknownImports(module: WasmModule, provided: Record<string, object>): void {
  for (const { module: from, name, kind } of wasm.Module.imports(module)) {
    const group = Object.hasOwn(provided, from) ? provided[from] : undefined;
    if (kind !== "function" || !group || !Object.hasOwn(group, name)) {
      throw new ModuleRefused(`the proxy provides no import ${from}.${name}`);
    }
  }
}
