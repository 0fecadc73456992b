/**
 * The key files that settings name. In: settings. Out: what is in them, as the server reads it, or which one is wrong. Effects:
 * reads them; `replaceFile` writes one anew beside itself and renames it, so that nobody ever reads half of it.
 */
import { lstat, open, rename, rm } from "node:fs/promises";
import { readBoundedFile } from "../authenticate/credentials/read-bounded-file.ts";
import { readStampKeys } from "../config/read-stamp-keys.ts";
import type { Settings } from "../config/settings.ts";
import { loadSigningKey } from "../mint/signing-key.ts";
import { err, ok, type Result } from "../result.ts";
import { UsageError } from "./command.ts";
import { ringOfViews, type StampKeyRing } from "./stamp-key-states.ts";

export interface StampKeyFile {
  readonly file: string;
  /** Secret. */
  readonly text: string;
  readonly ring: StampKeyRing;
  /** Permission bits. */
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly changed: number;
}

export interface KeyFiles {
  /** Undefined: the settings name none. */
  readonly stamps: StampKeyFile | undefined;
  readonly minting: { readonly kid: string } | undefined;
}

const MAX_BYTES = 1_048_576;

/** The error names a setting and a field, and holds nothing of a key. */
export async function readKeyFiles({ stampKeys, mint }: Settings): Promise<Result<KeyFiles, string>> {
  const stamps = stampKeys === undefined ? ok(undefined) : await readStampFile(stampKeys.file);
  if (!stamps.ok) return err(`stampKeys.file: ${stamps.error}`);
  const minting = mint.keyFile === "" ? ok(undefined) : await readMinting(mint.keyFile);
  if (!minting.ok) return err(`mint.keyFile: ${minting.error}`);
  return ok({ stamps: stamps.value, minting: minting.value });
}

async function readStampFile(file: string): Promise<Result<StampKeyFile, string>> {
  const text = await readBoundedFile(file, MAX_BYTES);
  if (!text.ok) return text;
  const read = readStampKeys(text.value);
  if (!read.ok) return err(read.error.join("; "));
  const { mode, mtimeMs } = await lstat(file);
  const ring = ringOfViews(read.value.sign, read.value.verify);
  return ok({ file, text: text.value, ring, mode, changed: Math.floor(mtimeMs / 1000) });
}

async function readMinting(file: string): Promise<Result<{ readonly kid: string }, string>> {
  const pem = await readBoundedFile(file, 65_536);
  const key = pem.ok ? await loadSigningKey(pem.value) : pem;
  return key.ok ? ok({ kid: key.value.kid }) : key;
}

/** @throws UsageError for a link, such as Kubernetes mounts: what is behind it is somebody else's to change. */
export async function replaceFile({ file, mode }: StampKeyFile, text: string): Promise<void> {
  if ((await lstat(file)).isSymbolicLink()) throw new UsageError(`${file} is a link: rotate the file behind it`);
  const draft = `${file}.draft`;
  // Not there yet: what somebody else put there would get the keys.
  const handle = await open(draft, "wx", mode & 0o777);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
