// Callbacks of VM, plugin and context life. In: the host's numbers. Out: what the contexts answer.

import { BufferType, LogLevel } from "./abi";
import { getBuffer } from "./buffer";
import { log } from "./log";
import { getPropertyString } from "./property";
import { handOut } from "./received";
import { addRoot, addStream, contextOf, enter, remove, rootOf } from "./registry";

/** Its presence tells the host which ABI we speak. */
export function proxy_abi_version_0_2_1(): void {}

export function proxy_on_memory_allocate(size: u32): usize {
  return handOut(size);
}

export function proxy_on_context_create(contextId: u32, parentId: u32): void {
  enter(contextId);
  if (parentId != 0) {
    addStream(contextId, parentId);
    return;
  }
  const name = getPropertyString(["plugin_root_id"]);
  const rootId = name === null ? "" : name;
  if (!addRoot(contextId, rootId)) log(LogLevel.Error, "no root is registered as '" + rootId + "'");
}

export function proxy_on_vm_start(contextId: u32, configurationSize: u32): u32 {
  enter(contextId);
  const root = rootOf(contextId);
  // An unknown root is refused by proxy_on_configure, where the host says which plugin it was.
  return root === null || root.onVmStart(configurationSize) ? 1 : 0;
}

export function proxy_on_configure(contextId: u32, configurationSize: u32): u32 {
  enter(contextId);
  const root = rootOf(contextId);
  if (root === null) {
    log(LogLevel.Error, "configuration for a plugin whose root_id is not registered");
    return 0;
  }
  const empty = new Uint8Array(0);
  const bytes = configurationSize == 0 ? empty : getBuffer(BufferType.PluginConfiguration, 0, configurationSize);
  if (bytes === null || <u32>bytes.length != configurationSize) {
    log(LogLevel.Error, "the plugin configuration cannot be read");
    return 0;
  }
  return root.onConfigure(bytes) ? 1 : 0;
}

export function proxy_on_tick(contextId: u32): void {
  enter(contextId);
  const root = rootOf(contextId);
  if (root !== null) root.onTick();
}

export function proxy_on_queue_ready(contextId: u32, token: u32): void {
  enter(contextId);
  const root = rootOf(contextId);
  if (root !== null) root.onQueueReady(token);
}

export function proxy_on_foreign_function(contextId: u32, id: u32, size: u32): void {
  enter(contextId);
  const root = rootOf(contextId);
  if (root !== null) root.onForeignFunction(id, size);
}

export function proxy_on_done(contextId: u32): u32 {
  enter(contextId);
  const context = contextOf(contextId);
  return context === null || context.onDone() ? 1 : 0;
}

export function proxy_on_log(contextId: u32): void {
  enter(contextId);
  const context = contextOf(contextId);
  if (context !== null) context.onLog();
}

export function proxy_on_delete(contextId: u32): void {
  enter(contextId);
  const context = contextOf(contextId);
  if (context !== null) context.onDelete();
  remove(contextId);
}
