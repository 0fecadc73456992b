/**
 * The last good answer of an issuer as it is kept on disk. In: the answer and when it came, or a file's text. Out: the text,
 * or the answer while it is within its bound. Pure. A kept answer is read by the rules of today and is never renewed by
 * itself: its age counts from when the issuer gave it.
 */
import { createHash } from "node:crypto";
import { err, ok, type Result } from "../result.ts";
import { member, parseStrictObject } from "./strict-json.ts";

/** A place to keep texts by name; `key-folder.ts` is one. Neither function rejects. */
export interface KeyStore {
  /** Undefined: nothing is kept under that name. */
  load(name: string): Promise<Result<string | undefined, string>>;
  save(name: string, text: string): Promise<Result<undefined, string>>;
}

export interface KeptAnswer {
  /** Of the JWKS. */
  readonly text: string;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly freshSeconds: number;
}

/** No longer says where it came from: an address may hold a secret in its query. */
export function keptName(address: string): string {
  return createHash("sha256").update(address).digest("hex");
}

export function writeKept(name: string, { text, at, freshSeconds }: KeptAnswer): string {
  return `${JSON.stringify({ version: 1, name, at, freshSeconds, text })}\n`;
}

/** A clock that was set back makes answers from the future: a little is borne, more is not trusted. */
const FUTURE_SECONDS = 60;

/** @param staleSeconds how long it serves after it ceased to be fresh */
export function readKept(
  name: string,
  file: string,
  now: number,
  bounds: { readonly refreshSeconds: number; readonly staleSeconds: number },
): Result<KeptAnswer, string> {
  const record = parseStrictObject(file, 2);
  if (record === undefined || member(record, "version") !== 1 || member(record, "name") !== name) {
    return err("is not what was kept");
  }
  const [text, at, fresh] = [member(record, "text"), member(record, "at"), member(record, "freshSeconds")];
  if (typeof text !== "string" || typeof at !== "number" || typeof fresh !== "number") return err("is incomplete");
  if (at > now + FUTURE_SECONDS) return err("comes from the future");
  const freshSeconds = Math.min(Math.max(0, fresh), bounds.refreshSeconds);
  if (now > at + freshSeconds + bounds.staleSeconds) return err("is too old");
  return ok({ text, at: Math.min(at, now), freshSeconds });
}
