/** Log, clock, ticks, status, and the few WASI calls that Envoy answers. Effects: only those that the test passed in. */
import { LOG_LEVELS, STATUS } from "../abi.ts";
import { toBytes, toText } from "../bytes.ts";
import { acting, rootOf, type VmState } from "../state.ts";
import type { Imports } from "./imports.ts";

export function systemImports(vm: VmState): Imports {
  return {
    proxy_log(level: number, text: number, size: number) {
      const bytes = vm.memory.read(text, size);
      if (!bytes) return STATUS.invalidMemoryAccess;
      const name = LOG_LEVELS[level];
      if (!name) return STATUS.badArgument;
      vm.shared.onLog({ level: name, text: toText(bytes) });
      return STATUS.ok;
    },
    proxy_get_log_level: (out: number) => (vm.memory.writeU32(out, 0) ? STATUS.ok : STATUS.invalidMemoryAccess),
    proxy_get_status(codeOut: number, textOut: number, sizeOut: number) {
      const given = vm.memory.writeU32(codeOut, 0) && vm.memory.give(new Uint8Array(0), textOut, sizeOut);
      return given ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_get_current_time_nanoseconds: (out: number) =>
      vm.memory.writeU64(out, vm.shared.now()) ? STATUS.ok : STATUS.invalidMemoryAccess,
    proxy_set_tick_period_milliseconds(period: number) {
      const root = rootOf(acting(vm));
      if (!root) return STATUS.badArgument;
      root.tickPeriod = period >>> 0;
      root.nextTick = BigInt(root.tickPeriod);
      return STATUS.ok;
    },
  };
}

// WASI errno: 0 success, 8 bad file, 28 invalid argument, 21 bad address, 52 not implemented, 58 not supported.
const LARGEST_RANDOM = 64 * 1024;

export function wasiImports(vm: VmState): Imports {
  const unsupported = () => 52;
  const variables = () => Object.entries(vm.environment).map(([name, value]) => toBytes(`${name}=${value}\0`));
  return {
    random_get(pointer: number, size: number) {
      if (size >>> 0 > LARGEST_RANDOM) return 28;
      const bytes = new Uint8Array(size >>> 0);
      vm.shared.random(bytes);
      return vm.memory.write(pointer, bytes) ? 0 : 21;
    },
    clock_time_get(clock: number, _precision: bigint, out: number) {
      const time = clock === 0 ? vm.shared.now : clock === 1 ? vm.shared.monotonic : undefined;
      if (time === undefined) return 58;
      return vm.memory.writeU64(out, time()) ? 0 : 21;
    },
    fd_write: () => 8,
    fd_read: unsupported,
    fd_seek: unsupported,
    fd_close: unsupported,
    fd_fdstat_get: unsupported,
    environ_get(pointers: number, text: number) {
      let at = text;
      for (const [index, variable] of variables().entries()) {
        if (!vm.memory.writeU32(pointers + 4 * index, at) || !vm.memory.write(at, variable)) return 21;
        at += variable.length;
      }
      return 0;
    },
    environ_sizes_get(count: number, size: number) {
      const all = variables();
      const bytes = all.reduce((sum, { length }) => sum + length, 0);
      return vm.memory.writeU32(count, all.length) && vm.memory.writeU32(size, bytes) ? 0 : 21;
    },
    args_get: () => 0,
    args_sizes_get: (count: number, size: number) =>
      vm.memory.writeU32(count, 0) && vm.memory.writeU32(size, 0) ? 0 : 21,
    proc_exit: () => 0,
    sched_yield: () => 0,
    poll_oneoff: unsupported,
  };
}
