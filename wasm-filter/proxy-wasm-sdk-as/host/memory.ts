/**
 * The guest's memory, read and written under its own bounds. In: addresses from the guest, not trusted. Out: copies, or
 * undefined / false for an address outside, which the ABI reports as InvalidMemoryAccess.
 */
import type { WasmFunction, WasmMemory } from "./web-assembly.ts";

export interface GuestMemory {
  read(pointer: number, length: number): Uint8Array | undefined;
  write(pointer: number, bytes: Uint8Array): boolean;
  writeU32(pointer: number, value: number): boolean;
  writeU64(pointer: number, value: bigint): boolean;
  /** Asks the guest for room, fills it, writes pointer and length; nothing is allocated for no bytes, as in Envoy. */
  give(bytes: Uint8Array, pointerOut: number, lengthOut: number): boolean;
}

export function guestMemory(memory: WasmMemory, allocate: WasmFunction): GuestMemory {
  const inside = (pointer: number, length: number) => pointer >>> 0 <= memory.buffer.byteLength - (length >>> 0);
  const read = (pointer: number, length: number) =>
    inside(pointer, length) ? new Uint8Array(memory.buffer, pointer >>> 0, length >>> 0).slice() : undefined;
  const write = (pointer: number, bytes: Uint8Array) => {
    if (!inside(pointer, bytes.length)) return false;
    new Uint8Array(memory.buffer).set(bytes, pointer >>> 0);
    return true;
  };
  const writeU32 = (pointer: number, value: number) => {
    if (!inside(pointer, 4)) return false;
    new DataView(memory.buffer).setUint32(pointer >>> 0, value >>> 0, true);
    return true;
  };
  return {
    read,
    write,
    writeU32,
    writeU64(pointer, value) {
      if (!inside(pointer, 8)) return false;
      new DataView(memory.buffer).setBigUint64(pointer >>> 0, BigInt.asUintN(64, value), true);
      return true;
    },
    give(bytes, pointerOut, lengthOut) {
      const room = bytes.length === 0 ? 0 : Number(allocate(bytes.length)) >>> 0;
      if (bytes.length > 0 && (room === 0 || !write(room, bytes))) return false;
      return writeU32(pointerOut, room) && writeU32(lengthOut, bytes.length);
    },
  };
}
