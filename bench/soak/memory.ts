/**
 * A process's memory as Linux shows it. In: a process id. Out: resident bytes, and the pages of WebAssembly memory that
 * guests have. Effects: reads /proc.
 */
import { readFile } from "node:fs/promises";

const WASM_PAGE = 65_536;
/** V8 reserves this much behind each memory, so that no 32-bit address and offset can leave it. */
const RESERVED = 4 * 1024 ** 3;

export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

/** Of all VMs in the process together: writable mappings that a reservation follows at once. */
export async function guestPages(pid: number): Promise<number> {
  const maps = await readFile(`/proc/${pid}/maps`, "utf8");
  let before = { end: -1, size: 0 };
  let bytes = 0;
  for (const line of maps.split("\n")) {
    const [, from = "", to = "", rights = ""] = /^([0-9a-f]+)-([0-9a-f]+) (\S{4})/.exec(line) ?? [];
    const start = Number.parseInt(from, 16);
    const end = Number.parseInt(to, 16);
    if (rights.startsWith("---") && start === before.end && end - start >= RESERVED) bytes += before.size;
    before = rights.startsWith("rw-") ? { end, size: end - start } : { end: -1, size: 0 };
  }
  return bytes / WASM_PAGE;
}
