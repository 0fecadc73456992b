/**
 * Header maps of streams and callouts. In: map type, names and values from the guest. Out: Status and bytes as Envoy's.
 * Envoy's own peculiarities are kept: a map that is not there reads as no pairs at all, and only the first of several lines
 * is found by name (source/extensions/common/wasm/context.cc).
 */
import { MAP, STATUS } from "../abi.ts";
import {
  addLine,
  byteSize,
  firstValue,
  type Line,
  lowerName,
  removeLines,
  replaceAll,
  requestName,
  setLine,
} from "../header-map.ts";
import { decodeLines, encodeLines } from "../pair-encoding.ts";
import { acting, rootOf, streamOf, type VmState } from "../state.ts";
import type { Imports } from "./imports.ts";

export function headerImports(vm: VmState): Imports {
  const known = (type: number) => type >= 0 && type <= MAP.callTrailers;
  const writable = (type: number): Line[] | undefined => {
    const stream = streamOf(acting(vm));
    return stream?.passed.has(type) ? undefined : stream?.maps.get(type);
  };
  const readableMap = (type: number): Line[] | undefined =>
    type >= MAP.grpcInitialMetadata ? rootOf(acting(vm))?.answer?.maps.get(type) : writable(type);
  const nameIn = (type: number, name: Uint8Array): string =>
    type === MAP.requestHeaders ? requestName(lowerName(name)) : lowerName(name);
  const change = (
    type: number,
    key: number,
    keySize: number,
    value: number,
    valueSize: number,
    apply: Change,
  ): number => {
    if (!known(type)) return STATUS.badArgument;
    const name = vm.memory.read(key, keySize);
    const bytes = vm.memory.read(value, valueSize);
    if (!name || !bytes) return STATUS.invalidMemoryAccess;
    const lines = writable(type);
    if (!lines) return STATUS.badArgument;
    apply(lines, nameIn(type, name), bytes);
    return STATUS.ok;
  };
  return {
    proxy_get_header_map_value(type: number, key: number, keySize: number, valueOut: number, sizeOut: number) {
      if (!known(type)) return STATUS.badArgument;
      const name = vm.memory.read(key, keySize);
      if (!name) return STATUS.invalidMemoryAccess;
      const lines = readableMap(type);
      if (!lines) return STATUS.badArgument;
      const value = firstValue(lines, nameIn(type, name));
      if (!value) return STATUS.notFound;
      return vm.memory.give(value, valueOut, sizeOut) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_add_header_map_value: (t: number, k: number, ks: number, v: number, vs: number) =>
      change(t, k, ks, v, vs, addLine),
    proxy_replace_header_map_value: (t: number, k: number, ks: number, v: number, vs: number) =>
      change(t, k, ks, v, vs, setLine),
    proxy_remove_header_map_value: (t: number, k: number, ks: number) => change(t, k, ks, 0, 0, removeLines),
    proxy_get_header_map_pairs(type: number, pairsOut: number, sizeOut: number) {
      if (!known(type)) return STATUS.badArgument;
      const bytes = encodeLines(readableMap(type) ?? []);
      return vm.memory.give(bytes, pairsOut, sizeOut) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
    proxy_set_header_map_pairs(type: number, pairs: number, size: number) {
      if (!known(type)) return STATUS.badArgument;
      const bytes = vm.memory.read(pairs, size);
      if (!bytes) return STATUS.invalidMemoryAccess;
      const lines = writable(type);
      const next = decodeLines(bytes);
      if (!lines || !next) return STATUS.badArgument;
      replaceAll(lines, next);
      return STATUS.ok;
    },
    proxy_get_header_map_size(type: number, sizeOut: number) {
      const lines = known(type) ? readableMap(type) : undefined;
      if (!lines) return STATUS.badArgument;
      return vm.memory.writeU32(sizeOut, byteSize(lines)) ? STATUS.ok : STATUS.invalidMemoryAccess;
    },
  };
}

type Change = (lines: Line[], name: string, value: Uint8Array) => void;
