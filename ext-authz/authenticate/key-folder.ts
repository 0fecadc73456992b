/**
 * Keeps texts by name in one folder. In: a folder, a bound. Out: load and save. Effects: files `jwks-<name>.json`, 0600,
 * written whole or not at all. Who can write there can name keys to trust, so a file that others could have written, or a
 * link, is not read.
 */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, mkdir, open, readdir, rename, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Result } from "../result.ts";
import type { KeyStore } from "./kept-keys.ts";

export interface KeyFolderOptions {
  readonly folder: string;
  /** Of one file; longer ones are neither written nor read. */
  readonly maxBytes: number;
  /** Files that nobody wrote for so long are removed at the opening. */
  readonly keepSeconds: number;
  /** Seconds since the epoch. */
  readonly now: () => number;
}

const NAME = /^[0-9a-f]{64}$/;
const OURS = /^jwks-[0-9a-f]{64}\.json(?:\.[0-9a-f-]{36}\.tmp)?$/;

/** @throws when the folder cannot be made or used: better at the start than in the outage that it is for. */
export async function openKeyFolder(options: KeyFolderOptions): Promise<KeyStore> {
  const { folder, maxBytes } = options;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await stat(folder);
  if (!found.isDirectory()) throw new Error(`${folder} is no folder`);
  if (writableByOthers(found.mode)) throw new Error(`${folder} can be written by others: chmod go-w`);
  await removeOld(options);
  const fileOf = (name: string): string => {
    if (!NAME.test(name)) throw new Error("not a name of a key file");
    return join(folder, `jwks-${name}.json`);
  };
  return {
    load: (name) => readOwn(fileOf(name), maxBytes).catch((cause: unknown) => err(codeOf(cause))),
    save: (name, text) => replace(fileOf(name), text, maxBytes).catch((cause: unknown) => err(codeOf(cause))),
  };
}

async function readOwn(path: string, maxBytes: number): Promise<Result<string | undefined, string>> {
  // Neither a link nor a pipe: the one may lead anywhere, the other may never answer.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path, flags).catch((cause: unknown) => {
    if (codeOf(cause) === "ENOENT") return undefined;
    throw cause;
  });
  if (file === undefined) return ok(undefined);
  try {
    const found = await file.stat();
    if (!found.isFile()) return err("is no regular file");
    if (writableByOthers(found.mode) || found.uid !== (process.geteuid?.() ?? found.uid)) {
      return err("could have been written by others");
    }
    if (found.size > maxBytes) return err("is too large");
    return ok(new TextDecoder("utf-8", { fatal: true }).decode(await file.readFile()));
  } finally {
    await file.close();
  }
}

async function replace(path: string, text: string, maxBytes: number): Promise<Result<undefined, string>> {
  if (Buffer.byteLength(text) > maxBytes) return err("is too large");
  const partial = `${path}.${randomUUID()}.tmp`;
  const file = await open(partial, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    await chmod(partial, 0o600);
    await rename(partial, path);
    return ok(undefined);
  } catch (cause) {
    await file.close().catch(() => {});
    await unlink(partial).catch(() => {});
    throw cause;
  }
}

async function removeOld({ folder, keepSeconds, now }: KeyFolderOptions): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!OURS.test(name)) continue;
    const path = join(folder, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && now() - found.mtimeMs / 1000 > keepSeconds) await unlink(path).catch(() => {});
  }
}

function writableByOthers(mode: number): boolean {
  return (mode & 0o022) !== 0;
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : "is not UTF-8";
}
