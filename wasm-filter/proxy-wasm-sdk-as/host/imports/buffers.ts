/** Bodies, TCP data, configurations and callout answers by range. In: buffer type and range. Out: Status, bytes. */
import { BUFFER, STATUS } from "../abi.ts";
import { concat } from "../bytes.ts";
import { acting, rootOf, streamOf, type VmState } from "../state.ts";
import type { Imports } from "./imports.ts";

export function bufferImports(vm: VmState): Imports {
  const find = (type: number): Uint8Array | undefined => {
    const context = acting(vm);
    if (type === BUFFER.vmConfiguration) return vm.configuration;
    const root = rootOf(context);
    if (type === BUFFER.pluginConfiguration) return root?.configuring ? root.configuration : undefined;
    if (type === BUFFER.callBody || type === BUFFER.grpcMessage) return root?.answer?.buffers.get(type);
    if (type === BUFFER.callData) return undefined;
    // As Envoy: a stream's buffer that is not there reads as an empty one.
    return streamOf(context)?.buffers.get(type) ?? new Uint8Array(0);
  };
  return {
    proxy_get_buffer_bytes(type: number, start: number, length: number, dataOut: number, sizeOut: number) {
      if (type < 0 || type > BUFFER.callData) return STATUS.badArgument;
      const bytes = find(type);
      if (!bytes) return STATUS.notFound;
      const from = start >>> 0;
      const end = from + (length >>> 0);
      // As Envoy: a sum that does not fit 32 bits is refused, a range past the end is cut.
      if (end > 0xffff_ffff) return STATUS.badArgument;
      const part = bytes.subarray(Math.min(from, bytes.length), Math.min(end, bytes.length));
      return vm.memory.give(part, dataOut, sizeOut) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_get_buffer_status(type: number, sizeOut: number, flagsOut: number) {
      if (type < 0 || type > BUFFER.callData) return STATUS.badArgument;
      const bytes = find(type);
      if (!bytes) return STATUS.notFound;
      const written = vm.memory.writeU32(sizeOut, bytes.length) && vm.memory.writeU32(flagsOut, 0);
      return written ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_set_buffer_bytes(type: number, start: number, length: number, data: number, size: number) {
      if (type < 0 || type > BUFFER.callData) return STATUS.badArgument;
      const bytes = find(type);
      if (!bytes) return STATUS.notFound;
      const next = vm.memory.read(data, size);
      if (!next) return STATUS.invalidMemoryAccess;
      const stream = streamOf(acting(vm));
      if (!stream?.buffers.has(type)) return STATUS.badArgument;
      const from = start >>> 0;
      const cut = length >>> 0;
      // As Envoy: replace all or prepend at the start, append past the end, nothing in between.
      if (from === 0 && cut === 0) stream.buffers.set(type, concat([next, bytes]));
      else if (from === 0 && cut >= bytes.length) stream.buffers.set(type, next);
      else if (from >= bytes.length) stream.buffers.set(type, concat([bytes, next]));
      else return STATUS.badArgument;
      return STATUS.ok;
    },
  };
}
