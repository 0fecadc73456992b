/**
 * Our server as an installed package: compiled, without what a checkout needs to run its sources. In: a folder. Out: the
 * command's path. Effects: files in the folder, the compiler.
 */
import { execFile } from "node:child_process";
import { access, copyFile, mkdir, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../setup/folders.mjs";

const run = promisify(execFile);
const COMPILE_MS = 120_000;

export async function packageOurs(folder: string): Promise<string> {
  const made = join(folder, "package");
  await mkdir(join(made, "ext-authz"), { recursive: true });
  for (const name of ["package.json", join("ext-authz", "countersign.mjs")]) {
    await copyFile(join(root, name), join(made, name));
  }
  for (const name of ["protos", "node_modules", "wasm-filter"]) await symlink(join(root, name), join(made, name));
  const compiler = createRequire(import.meta.url)
    .resolve("typescript/package.json")
    .replace("package.json", "bin/tsc");
  const args = [compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", join(made, "dist")];
  // It writes what it can even where types do not fit: that is for `npm run check` to say.
  const said = await run(process.execPath, args, { timeout: COMPILE_MS }).catch((error: unknown) => error);
  await access(join(made, "dist", "ext-authz", "cli", "cli.js")).catch(() => {
    throw new Error("our server did not compile", { cause: said });
  });
  return join(made, "ext-authz", "countersign.mjs");
}
