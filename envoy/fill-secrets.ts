/**
 * Makes the stamp's key for the sample in containers. In: a target folder and the checked-in Envoy files. Out: copies of
 * them with one fresh secret in place of the placeholder, and the filter beside them. Effects: reads and writes files;
 * a folder that already has a secret keeps it, so that a restart of one proxy does not part it from the other.
 */
import { randomBytes } from "node:crypto";
import { copyFile, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { placeholder } from "./samples.ts";

const FILTER = "wasm-filter/build/countersign.wasm";

/** @throws when a source has no placeholder: it would then run with whatever secret is written in it. */
export function fillSecret(text: string, secret: string): string {
  if (!text.includes(placeholder)) throw new Error(`no ${placeholder} to fill`);
  return text.replaceAll(placeholder, secret);
}

async function main([folder, ...sources]: readonly string[]): Promise<void> {
  if (folder === undefined || sources.length === 0) throw new Error("usage: fill-secrets.ts FOLDER FILE…");
  const keyFile = join(folder, "stamp.key");
  await writeFile(keyFile, randomBytes(32).toString("base64url"), { flag: "wx", mode: 0o600 }).catch(
    (error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    },
  );
  const secret = await readFile(keyFile, "utf8");
  for (const source of sources) {
    await writeFile(join(folder, basename(source)), fillSecret(await readFile(source, "utf8"), secret));
  }
  await copyFile(FILTER, join(folder, basename(FILTER)));
}

if (process.argv[1] === import.meta.filename) await main(process.argv.slice(2));
