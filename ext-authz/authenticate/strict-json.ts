/**
 * JSON as RFC 8259 writes it, read for security decisions. In: bytes or text from outside. Out: a value whose objects
 * inherit nothing, or undefined. Linear time; nesting is bounded; refused beside bad syntax: a member name that occurs twice
 * (two readers would see two tokens), lone surrogates, a BOM, invalid UTF-8, numbers beyond a double.
 */
import { newMembers } from "../members.ts";
import type { JsonObject, JsonValue } from "../model.ts";

interface Cursor {
  readonly text: string;
  at: number;
}

/** Thrown and caught inside this file only: a value of `undefined` at every level would cost a check at every level. */
class Unreadable extends Error {}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function parseStrictJson(source: Uint8Array | string, maxDepth: number): JsonValue | undefined {
  try {
    const cursor: Cursor = { text: typeof source === "string" ? source : utf8.decode(source), at: 0 };
    const value = readValue(cursor, maxDepth);
    skipSpace(cursor);
    return cursor.at === cursor.text.length ? value : undefined;
  } catch (cause) {
    if (cause instanceof Unreadable || cause instanceof TypeError) return undefined;
    throw cause;
  }
}

export function parseStrictObject(source: Uint8Array | string, maxDepth: number): JsonObject | undefined {
  const value = parseStrictJson(source, maxDepth);
  return isJsonObject(value) ? value : undefined;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value of an own member; a claim called `constructor` is a claim, and nothing is inherited. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function readValue(cursor: Cursor, depth: number): JsonValue {
  skipSpace(cursor);
  switch (cursor.text.charCodeAt(cursor.at)) {
    case 0x7b:
      return readObject(cursor, depth - 1);
    case 0x5b:
      return readArray(cursor, depth - 1);
    case 0x22:
      return readString(cursor);
    case 0x74:
      return readWord(cursor, "true", true);
    case 0x66:
      return readWord(cursor, "false", false);
    case 0x6e:
      return readWord(cursor, "null", null);
    default:
      return readNumber(cursor);
  }
}

function readObject(cursor: Cursor, depth: number): JsonObject {
  if (depth < 0) throw new Unreadable();
  const object = newMembers();
  cursor.at++;
  if (nextIs(cursor, 0x7d)) return object;
  do {
    skipSpace(cursor);
    if (cursor.text.charCodeAt(cursor.at) !== 0x22) throw new Unreadable();
    const name = readString(cursor);
    if (Object.hasOwn(object, name) || !nextIs(cursor, 0x3a)) throw new Unreadable();
    object[name] = readValue(cursor, depth);
  } while (nextIs(cursor, 0x2c));
  if (!nextIs(cursor, 0x7d)) throw new Unreadable();
  return object;
}

function readArray(cursor: Cursor, depth: number): JsonValue[] {
  if (depth < 0) throw new Unreadable();
  const array: JsonValue[] = [];
  cursor.at++;
  if (nextIs(cursor, 0x5d)) return array;
  do array.push(readValue(cursor, depth));
  while (nextIs(cursor, 0x2c));
  if (!nextIs(cursor, 0x5d)) throw new Unreadable();
  return array;
}

/** From the opening quote to after the closing one. Escapes are left to the platform; what it lets through is checked. */
function readString(cursor: Cursor): string {
  const { text } = cursor;
  const start = cursor.at;
  let escaped = false;
  for (let at = start + 1; ; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      cursor.at = at + 1;
      return escaped ? unescapeString(text.slice(start, at + 1)) : wellFormed(text.slice(start + 1, at));
    }
    // NaN (the end of the text) fails this comparison too.
    if (!(code >= 0x20)) throw new Unreadable();
    if (code === 0x5c) {
      escaped = true;
      at++;
    }
  }
}

function unescapeString(quoted: string): string {
  try {
    const value: unknown = JSON.parse(quoted);
    return typeof value === "string" ? wellFormed(value) : "";
  } catch {
    throw new Unreadable();
  }
}

const SURROGATE = /[\ud800-\udfff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

function wellFormed(value: string): string {
  if (SURROGATE.test(value) && LONE_SURROGATE.test(value)) throw new Unreadable();
  return value;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

function readNumber(cursor: Cursor): number {
  NUMBER.lastIndex = cursor.at;
  const digits = NUMBER.exec(cursor.text)?.[0];
  if (digits === undefined) throw new Unreadable();
  const value = Number(digits);
  if (!Number.isFinite(value)) throw new Unreadable();
  cursor.at += digits.length;
  return value;
}

function readWord<T>(cursor: Cursor, word: string, value: T): T {
  if (!cursor.text.startsWith(word, cursor.at)) throw new Unreadable();
  cursor.at += word.length;
  return value;
}

function nextIs(cursor: Cursor, code: number): boolean {
  skipSpace(cursor);
  if (cursor.text.charCodeAt(cursor.at) !== code) return false;
  cursor.at++;
  return true;
}

function skipSpace(cursor: Cursor): void {
  for (; ; cursor.at++) {
    const code = cursor.text.charCodeAt(cursor.at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
  }
}
