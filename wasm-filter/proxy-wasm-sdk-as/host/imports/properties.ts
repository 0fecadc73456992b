/** Properties and foreign functions: what a proxy offers beyond the ABI. In: paths and bytes. Out: Status, bytes. */
import { STATUS } from "../abi.ts";
import { toText } from "../bytes.ts";
import { findProperty } from "../property.ts";
import { acting, streamOf, type VmState } from "../state.ts";
import type { Imports } from "./imports.ts";

export function propertyImports(vm: VmState): Imports {
  return {
    proxy_get_property(path: number, pathSize: number, valueOut: number, sizeOut: number) {
      const bytes = vm.memory.read(path, pathSize);
      if (!bytes) return STATUS.invalidMemoryAccess;
      const value = findProperty(vm, acting(vm), toText(bytes).split("\0"));
      if (!value) return STATUS.notFound;
      return vm.memory.give(value, valueOut, sizeOut) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_set_property(path: number, pathSize: number, value: number, valueSize: number) {
      const name = vm.memory.read(path, pathSize);
      const bytes = vm.memory.read(value, valueSize);
      if (!name || !bytes) return STATUS.invalidMemoryAccess;
      const stream = streamOf(acting(vm));
      if (!stream) return STATUS.notFound;
      stream.filterState.set(toText(name), bytes);
      return STATUS.ok;
    },
    proxy_call_foreign_function(
      name: number,
      nameSize: number,
      args: number,
      argsSize: number,
      resultOut: number,
      sizeOut: number,
    ) {
      const key = vm.memory.read(name, nameSize);
      const bytes = vm.memory.read(args, argsSize);
      if (!key || !bytes) return STATUS.invalidMemoryAccess;
      const found = vm.shared.foreign.get(toText(key));
      if (!found) return STATUS.notFound;
      const result = found(bytes);
      if (typeof result === "number") return result;
      return vm.memory.give(result, resultOut, sizeOut) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
  };
}
