/**
 * The text in which the server grants a decision (docs/grants.md). In come its bytes, out go its parts, or nothing when any
 * of it is not as it must be: the text comes from our own server and is read as if it did not. Effects: path terms and header
 * changes are rewritten in place into the form that is kept, which is never longer than the text.
 */
import { byteAt, isDigit, isTokenChar, lower, spells } from "./ascii";

const MOST_TEXT: i32 = 65536;
const MOST_CLASS: i32 = 4096;
const MOST_TERMS: i32 = 16;
const MOST_MILLISECONDS: u32 = 60000;
const MOST_EPOCH: i32 = 64;
const MOST_ID: i32 = 128;
const MOST_NAME: i32 = 128;

const LINE: u8 = 0x0a;
const SPACE: u8 = 0x20;
const TAB: u8 = 0x09;

/** Two bits above a term's length. */
export const NOT_PREFIX: u32 = 0;
export const SUFFIX: u32 = 1;
export const NOT_SUFFIX: u32 = 2;
/** A change's length of value when the header is to be removed. */
export const REMOVED: u32 = u32.MAX_VALUE;
/** Bytes before a change's name. */
export const CHANGE_HEAD: usize = 5;

const OURS = "x-countersign-";

/** Places are offsets into `bytes`, each pair from … to. */
export class GrantText {
  milliseconds: u32 = 0;
  epoch: i32 = 0;
  epochEnd: i32 = 0;
  id: i32 = 0;
  idEnd: i32 = 0;
  vary: i32 = 0;
  varyEnd: i32 = 0;
  /** The class is one path, else all that start with it. */
  exact: bool = false;
  path: i32 = 0;
  pathEnd: i32 = 0;
  /** `u16` kind and length, then the bytes, for each. */
  terms: i32 = 0;
  termsEnd: i32 = 0;
  /** `u8` length of the name, `u32` length of the value, name, value, for each. */
  changes: i32 = 0;
  changesEnd: i32 = 0;

  constructor(public bytes: Uint8Array) {}
}

let cursor: i32 = 0;

export function readGrantText(bytes: Uint8Array): GrantText | null {
  if (bytes.length > MOST_TEXT || byteAt(bytes, 0) != 0x31 || byteAt(bytes, 1) != LINE) return null;
  const read = new GrantText(bytes);
  cursor = 2;
  read.epoch = cursor;
  read.epochEnd = line(bytes);
  if (!isEpoch(bytes, read.epoch, read.epochEnd)) return null;
  read.milliseconds = milliseconds(bytes, cursor, line(bytes));
  if (read.milliseconds == 0) return null;
  read.id = cursor;
  read.idEnd = line(bytes);
  if (!isVisible(bytes, read.id, read.idEnd) || read.idEnd == read.id || read.idEnd - read.id > MOST_ID) return null;
  read.vary = cursor;
  read.varyEnd = line(bytes);
  const start = cursor;
  const end = line(bytes);
  if (end < 0 || end - start > MOST_CLASS || !readClass(read, start, end)) return null;
  read.changes = cursor;
  read.changesEnd = cursor;
  while (cursor < bytes.length) if (!readChange(read, cursor, line(bytes))) return null;
  return read;
}

/** 1 to 64 of `A-Za-z0-9_-`. */
export function isEpoch(bytes: Uint8Array, from: i32, to: i32): bool {
  if (to <= from || to - from > MOST_EPOCH) return false;
  for (let at = from; at < to; at++) {
    const code = byteAt(bytes, at);
    const letter = lower(code) >= 0x61 && lower(code) <= 0x7a;
    if (!letter && !isDigit(code) && code != 0x5f && code != 0x2d) return false;
  }
  return true;
}

/** The end of the line at the cursor, which goes on behind it; -1 where there is no line any more. */
function line(bytes: Uint8Array): i32 {
  let end = cursor;
  if (end > bytes.length) return -1;
  while (end < bytes.length && bytes[end] != LINE) end++;
  cursor = end + 1;
  return end;
}

/** 0 = not a number from 1 on; what is above the most is the most. */
function milliseconds(bytes: Uint8Array, from: i32, to: i32): u32 {
  if (to - from > 9) return 0;
  let value: u32 = 0;
  for (let at = from; at < to; at++) {
    if (!isDigit(byteAt(bytes, at))) return 0;
    value = value * 10 + (byteAt(bytes, at) - 0x30);
  }
  return min(value, MOST_MILLISECONDS);
}

function readClass(read: GrantText, from: i32, to: i32): bool {
  const bytes = read.bytes;
  const kind = byteAt(bytes, from);
  read.exact = kind == 0x3d;
  if (!read.exact && kind != 0x5e) return false;
  read.path = from + 1;
  let out = -1;
  for (let count = 0; from <= to; count++) {
    let end = from;
    while (end < to && bytes[end] != TAB) end++;
    const start = from + 1;
    if (start > end || !isVisible(bytes, start, end)) return false;
    if (count == 0) {
      read.pathEnd = end;
      out = end;
      read.terms = end;
      if (start < end ? bytes[start] != 0x2f : read.exact) return false;
    } else {
      if (read.exact || count > MOST_TERMS || start == end) return false;
      const sign = byteAt(bytes, from);
      const term = sign == 0x21 ? NOT_PREFIX : sign == 0x3e ? SUFFIX : sign == 0x3c ? NOT_SUFFIX : u32.MAX_VALUE;
      if (term == u32.MAX_VALUE) return false;
      store<u16>(bytes.dataStart + out, <u16>((term << 14) | (end - start)));
      out += 2 + end - start;
      memory.copy(bytes.dataStart + out - (end - start), bytes.dataStart + start, end - start);
    }
    from = end + 1;
  }
  read.termsEnd = out;
  return true;
}

function readChange(read: GrantText, from: i32, to: i32): bool {
  const bytes = read.bytes;
  // `set ` or `remove `.
  const sets = byteAt(bytes, from) == 0x73;
  const word = sets ? "set " : "remove ";
  for (let i = 0; i < word.length; i++) if (<i32>byteAt(bytes, from + i) != word.charCodeAt(i)) return false;
  const name = from + word.length;
  let end = name;
  while (end < to && isTokenChar(bytes[end]) && bytes[end] == lower(bytes[end])) end++;
  if (end == name || end - name > MOST_NAME || end - name > to - name) return false;
  // To Envoy it is `:authority`: part of every key, and ext_authz never takes it off.
  if (spells(bytes, name, end, "host")) return false;
  if (sets ? byteAt(bytes, end) != SPACE || end >= to : end != to) return false;
  if (!isFieldValue(bytes, end, to)) return false;
  const length = end - name;
  const value = sets ? to - end - 1 : 0;
  const out = bytes.dataStart + read.changesEnd;
  // `set ` and the space are five bytes too, so that nothing is overwritten before it was read.
  memory.copy(out + CHANGE_HEAD, bytes.dataStart + name, length);
  memory.copy(out + CHANGE_HEAD + length, bytes.dataStart + end + 1, value);
  store<u8>(out, <u8>length);
  store<u32>(out, sets ? <u32>value : REMOVED, 1);
  read.changesEnd += <i32>CHANGE_HEAD + length + value;
  return true;
}

/** Whether it sets or removes one of those headers; null = any that no route can match on but ours. */
export function changesAny(text: GrantText, names: Uint8Array[] | null): bool {
  const bytes = text.bytes.dataStart;
  for (let at = text.changes; at < text.changesEnd; ) {
    const length = <i32>load<u8>(bytes + at);
    const value = load<u32>(bytes + at, 1);
    if (names === null) {
      const name = text.bytes.subarray(at + <i32>CHANGE_HEAD, at + <i32>CHANGE_HEAD + length);
      if (!spells(name, 0, length, "txn-token") && !spells(name, 0, min(length, OURS.length), OURS)) return true;
    } else {
      for (let i = 0; i < names.length; i++) {
        const name = names[i];
        if (name.length == length && memory.compare(bytes + at + CHANGE_HEAD, name.dataStart, length) == 0) return true;
      }
    }
    at += <i32>CHANGE_HEAD + length + (value == REMOVED ? 0 : <i32>value);
  }
  return false;
}

/** Visible ASCII alone. */
function isVisible(bytes: Uint8Array, from: i32, to: i32): bool {
  for (let at = from; at < to; at++) if (bytes[at] <= SPACE || bytes[at] > 0x7e) return false;
  return from <= to;
}

/** RFC 9110 §5.5: no control bytes but the tab. */
function isFieldValue(bytes: Uint8Array, from: i32, to: i32): bool {
  for (let at = from; at < to; at++) {
    const code = bytes[at];
    if ((code < SPACE && code != TAB) || code == 0x7f) return false;
  }
  return true;
}
