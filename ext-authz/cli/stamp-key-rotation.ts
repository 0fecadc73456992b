/**
 * The three steps that change the key of stamps without a refused request: add one, let it sign, remove the old ones. Between
 * two steps every proxy must have seen the first. In: the file's text, the step, a new key. Out: the new text, or why not. Pure.
 */
import { parseStrictObject } from "../authenticate/strict-json.ts";
import { readStampKeys } from "../config/read-stamp-keys.ts";
import type { JsonObject, JsonValue } from "../model.ts";
import { err, ok, type Result } from "../result.ts";
import { ringOfViews, type StampKeyRing, serves } from "./stamp-key-states.ts";

export const STEPS = ["add", "sign", "remove"] as const;
export type Step = (typeof STEPS)[number];

export interface Rotation {
  readonly step: Step;
  /** Ids of the keys that the step is about. */
  readonly keys: readonly string[];
  /** The file as it must become. Secret. */
  readonly text: string;
}

export interface NewKey {
  readonly id: string;
  readonly algorithm: string;
  /** `secret`, or both halves of a pair. */
  readonly material: JsonObject;
}

const MAX_DEPTH = 4;

/** What comes next: a rotation that was begun is ended first. */
export function nextStep({ keys, signer }: StampKeyRing, now: number): Result<Step, string> {
  if (signer < 0) return err("sign: names no key of this file; there is nothing to rotate here");
  if (signer > 0) return ok("remove");
  return ok(keys.slice(1).some(({ key, signs }) => signs && serves(key, now)) ? "sign" : "add");
}

/** @param make is called for `add` only. @param now seconds */
export function rotate(
  text: string,
  wanted: Step | undefined,
  make: (algorithm: string) => NewKey,
  now: number,
): Result<Rotation, string> {
  const read = readStampKeys(text);
  if (!read.ok) return err(read.error.join("; "));
  const ring = ringOfViews(read.value.sign, read.value.verify);
  const next = nextStep(ring, now);
  if (!next.ok) return next;
  const step = wanted ?? next.value;
  const { keys, others } = parts(text);
  const newer = ring.keys.findIndex(({ key, signs }, place) => place > ring.signer && signs && serves(key, now));
  const idAt = (place: number): string => ring.keys[place]?.key.id ?? "";
  switch (step) {
    case "add": {
      if (newer >= 0) return err(`${idAt(newer)} is there and does not sign yet: the next step is sign`);
      const made = make(ring.keys[ring.signer]?.key.algorithm ?? "hmac-sha256");
      if (ring.keys.some(({ key }) => key.id === made.id)) return err(`there is a key ${made.id} already`);
      const added = { id: made.id, algorithm: made.algorithm, ...made.material };
      return written(step, [made.id], { keys: [...keys, added], ...others });
    }
    case "sign":
      if (newer < 0)
        return err(`no newer key that serves now stands behind ${idAt(ring.signer)}: the next step is add`);
      return written(step, [idAt(newer)], { keys, ...others, sign: idAt(newer) });
    case "remove": {
      if (ring.signer === 0) return err(`no older key stands before ${idAt(0)}: the next step is ${next.value}`);
      const old = ring.keys.slice(0, ring.signer).map(({ key }) => key.id);
      return written(step, old, { keys: keys.slice(ring.signer), ...others });
    }
  }
}

/** What is written must be what the server takes. */
function written(step: Step, keys: readonly string[], file: JsonObject): Result<Rotation, string> {
  const text = `${JSON.stringify(file, undefined, 2)}\n`;
  const read = readStampKeys(text);
  return read.ok ? ok({ step, keys, text }) : err(read.error.join("; "));
}

/** Of a file that was read well: it has `keys`, and no member twice. */
function parts(text: string): { readonly keys: readonly JsonValue[]; readonly others: JsonObject } {
  const { keys = [], ...others } = parseStrictObject(text, MAX_DEPTH) ?? {};
  return { keys: Array.isArray(keys) ? keys : [], others };
}
