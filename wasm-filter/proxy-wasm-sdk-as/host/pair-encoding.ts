/**
 * Header pairs on the wire between guest and host: u32 count, u32 lengths of each name and value, then each name and value
 * with a NUL after it, little endian. In: bytes of a guest, not trusted. Out: lines, or undefined for bytes out of bounds.
 */
import { type Line, lowerName } from "./header-map.ts";

/** What Envoy hands to the guest; no lines at all are no bytes. */
export function encodeLines(lines: readonly Line[]): Uint8Array {
  if (lines.length === 0) return new Uint8Array(0);
  const size = lines.reduce((sum, { name, value }) => sum + 10 + name.length + value.length, 4);
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(lines.length, 0);
  let data = 4 + 8 * lines.length;
  lines.forEach(({ name, value }, i) => {
    bytes.writeUInt32LE(name.length, 4 + 8 * i);
    bytes.writeUInt32LE(value.length, 8 + 8 * i);
    bytes.write(name, data, "latin1");
    bytes.set(value, data + name.length + 1);
    data += name.length + value.length + 2;
  });
  return bytes;
}

export function decodeLines(bytes: Uint8Array): Line[] | undefined {
  if (bytes.length === 0) return [];
  if (bytes.length < 4) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(0, true);
  if (count > (bytes.length - 4) / 10) return undefined;
  const lines: Line[] = [];
  let data = 4 + 8 * count;
  for (let i = 0; i < count; i++) {
    const name = data + view.getUint32(4 + 8 * i, true);
    const value = name + 1 + view.getUint32(8 + 8 * i, true);
    if (value + 1 > bytes.length) return undefined;
    lines.push({ name: lowerName(bytes.subarray(data, name)), value: bytes.slice(name + 1, value) });
    data = value + 1;
  }
  return lines;
}
