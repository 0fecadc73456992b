/** What goes wrong between a test and a guest. Each is thrown to the test; none is meant to be caught by the host. */

/** The guest trapped, as Envoy would log it; its VM is failed until `host.reload()`. */
export class Trap extends Error {
  readonly callback: string;
  constructor(callback: string, cause: unknown) {
    super(`${callback} trapped: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "Trap";
    this.callback = callback;
  }
}

/** A call into a VM that has trapped: Envoy answers 503 there (fail closed). */
export class VmFailed extends Error {
  constructor() {
    super("the VM has trapped and was not reloaded");
    this.name = "VmFailed";
  }
}

/** The module cannot be loaded by Envoy: an import that it does not provide, no memory, no allocator, another ABI. */
export class ModuleRefused extends Error {
  constructor(why: string) {
    super(`the module cannot be loaded: ${why}`);
    this.name = "ModuleRefused";
  }
}

/** `onVmStart` or `onConfigure` answered false: Envoy does not start, or keeps what it has. */
export class PluginRefused extends Error {
  constructor(rootId: string, step: string, logs: readonly string[]) {
    super(`plugin '${rootId}' refused by ${step}${logs.length > 0 ? `: ${logs.join("; ")}` : ""}`);
    this.name = "PluginRefused";
  }
}
