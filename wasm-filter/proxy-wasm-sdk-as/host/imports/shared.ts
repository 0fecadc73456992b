/** Shared data with compare-and-set, and queues, over all VMs of one host with one vm id. In: keys. Out: Status, bytes. */
import { STATUS } from "../abi.ts";
import { toText } from "../bytes.ts";
import { acting, rootOf, type VmState } from "../state.ts";
import type { Imports } from "./imports.ts";

export function sharedImports(vm: VmState, onQueueReady: (rootId: number, token: number) => void): Imports {
  const scoped = (vmId: string, name: Uint8Array) => `${vmId}\0${toText(name)}`;
  return {
    proxy_get_shared_data(key: number, keySize: number, valueOut: number, sizeOut: number, casOut: number) {
      const name = vm.memory.read(key, keySize);
      if (!name) return STATUS.invalidMemoryAccess;
      const entry = vm.shared.data.get(scoped(vm.id, name));
      if (!entry) return STATUS.notFound;
      const given = vm.memory.give(entry.value, valueOut, sizeOut) && vm.memory.writeU32(casOut, entry.cas);
      return given ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_set_shared_data(key: number, keySize: number, value: number, valueSize: number, cas: number) {
      const name = vm.memory.read(key, keySize);
      const bytes = vm.memory.read(value, valueSize);
      if (!name || !bytes) return STATUS.invalidMemoryAccess;
      const entry = vm.shared.data.get(scoped(vm.id, name));
      if (entry && cas !== 0 && cas >>> 0 !== entry.cas) return STATUS.casMismatch;
      vm.shared.data.set(scoped(vm.id, name), { value: bytes, cas: (entry?.cas ?? 0) + 1 });
      return STATUS.ok;
    },
    proxy_register_shared_queue(name: number, nameSize: number, tokenOut: number) {
      const bytes = vm.memory.read(name, nameSize);
      const root = rootOf(acting(vm));
      if (!bytes || !root) return STATUS.invalidMemoryAccess;
      const key = scoped(vm.id, bytes);
      const token = vm.shared.queueTokens.get(key) ?? vm.shared.queueTokens.size + 1;
      const notify = () => onQueueReady(root.id, token);
      const queue = vm.shared.queues.get(token);
      vm.shared.queueTokens.set(key, token);
      // The last to register is told, as in Envoy.
      if (queue) queue.notify = notify;
      else vm.shared.queues.set(token, { messages: [], notify });
      return vm.memory.writeU32(tokenOut, token) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_resolve_shared_queue(vmId: number, vmIdSize: number, name: number, nameSize: number, tokenOut: number) {
      const id = vm.memory.read(vmId, vmIdSize);
      const bytes = vm.memory.read(name, nameSize);
      if (!id || !bytes) return STATUS.invalidMemoryAccess;
      const token = vm.shared.queueTokens.get(scoped(toText(id), bytes));
      if (token === undefined) return STATUS.notFound;
      return vm.memory.writeU32(tokenOut, token) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_dequeue_shared_queue(token: number, dataOut: number, sizeOut: number) {
      const queue = vm.shared.queues.get(token);
      if (!queue) return STATUS.notFound;
      const message = queue.messages.shift();
      if (!message) return STATUS.empty;
      return vm.memory.give(message, dataOut, sizeOut) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_enqueue_shared_queue(token: number, data: number, size: number) {
      const bytes = vm.memory.read(data, size);
      if (!bytes) return STATUS.invalidMemoryAccess;
      const queue = vm.shared.queues.get(token);
      if (!queue) return STATUS.notFound;
      queue.messages.push(bytes);
      vm.shared.tasks.push(() => queue.notify());
      return STATUS.ok;
    },
  };
}
