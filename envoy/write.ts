/** Writes the checked-in files (`npm run render`). In: nothing. Out: every file of `files.ts`, below the repository. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { files } from "./files.ts";

for (const [name, text] of files()) {
  const path = join(import.meta.dirname, "..", name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  process.stdout.write(`${name}\n`);
}
