/** In: a path, a bound. Out: the file's text, or why not. Effect: reads one file. Never rejects. */
import { open } from "node:fs/promises";
import { err, ok, type Result } from "../../result.ts";

/** @param maxBytes of the file; what is longer, or no regular file, is not read */
export async function readBoundedFile(path: string, maxBytes: number): Promise<Result<string, string>> {
  try {
    const file = await open(path, "r");
    try {
      const found = await file.stat();
      if (!found.isFile()) return err("is no regular file");
      if (found.size > maxBytes) return err("is too large");
      const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.readFile());
      return text === "" ? err("is empty") : ok(text);
    } finally {
      await file.close();
    }
  } catch (cause) {
    return err(cause instanceof Error && "code" in cause ? String(cause.code) : "is not UTF-8");
  }
}
