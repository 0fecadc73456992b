/** A folder of a test's own under the system's temporary one. Out: its path, and a way to remove it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Folder {
  readonly path: string;
  remove(): Promise<void>;
}

export async function makeFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "countersign-test-"));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
