/**
 * In: the bytes of a tar archive. Out: its regular files by name, or what is wrong. Pure.
 * Source: POSIX ustar, as OPA's bundles use it. Names are never followed anywhere: nothing is written to disk.
 */
import { err, ok, type Result } from "../../result.ts";

const BLOCK = 512;
const MAX_FILES = 1000;

/** Names lose their leading `/` or `./`; of two files of one name the archive is refused. */
export function readTar(bytes: Uint8Array): Result<ReadonlyMap<string, Uint8Array>, string> {
  const files = new Map<string, Uint8Array>();
  let at = 0;
  while (at + BLOCK <= bytes.length) {
    const header = bytes.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) return ok(files);
    const size = octal(text(header, 124, 12));
    if (size === undefined || !hasChecksum(header)) return err("is no tar archive");
    const start = at + BLOCK;
    if (start + size > bytes.length) return err("the archive ends in the middle of a file");
    if (isRegular(header)) {
      const prefix = text(header, 345, 155);
      const name = plain(prefix === "" ? text(header, 0, 100) : `${prefix}/${text(header, 0, 100)}`);
      if (files.has(name)) return err(`\`${name}\` is in the archive twice`);
      if (files.size >= MAX_FILES) return err(`the archive has more than ${MAX_FILES} files`);
      files.set(name, bytes.subarray(start, start + size));
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files.size === 0 ? err("is no tar archive") : ok(files);
}

/** `0` or NUL; links, folders and extended headers are passed over. */
function isRegular(header: Uint8Array): boolean {
  return header[156] === 0x30 || header[156] === 0;
}

function plain(name: string): string {
  let start = 0;
  while (name.startsWith("./", start) || name.startsWith("/", start)) start += name.startsWith("/", start) ? 1 : 2;
  return name.slice(start);
}

function text(header: Uint8Array, from: number, length: number): string {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

function octal(field: string): number | undefined {
  const digits = field.trim();
  return /^[0-7]{1,11}$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

/** The sum of the header's bytes with its checksum field taken as spaces. */
function hasChecksum(header: Uint8Array): boolean {
  let sum = 0;
  for (const [index, byte] of header.entries()) sum += index >= 148 && index < 156 ? 0x20 : byte;
  return octal(text(header, 148, 8)) === sum;
}
