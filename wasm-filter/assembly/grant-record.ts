/**
 * One grant as it stands in the store. In come parts of a grant's text and of a request, out go the record's bytes, whether
 * it covers a path, and its header changes. Effects: raw memory; header writes when it is repeated.
 */
import { MapType, removeHeaderAt, Status, setHeaderAt } from "proxy-wasm-sdk-as/assembly";
import { CHANGE_HEAD, GrantText, NOT_PREFIX, REMOVED, SUFFIX } from "./grant-text";

// The chain's place stands first (grant-store.ts). Times in nanoseconds: monotonic, and by the wall clock, which both must
// agree that it has not ended.
export const HASH: usize = 8;
export const UNTIL: usize = 16;
export const REFRESH_FROM: usize = 24;
export const WALL_FROM: usize = 32;
export const WALL_UNTIL: usize = 40;
export const HITS: usize = 48;
/** 1 = somebody asks for the next one. */
export const ASKING: usize = 52;
export const KEY_LENGTH: usize = 56;
const TERMS_LENGTH: usize = 60;
const CHANGES_LENGTH: usize = 64;
export const ID_LENGTH: usize = 68;
export const KEY: usize = 72;

export function recordLength(keyLength: u32, text: GrantText): u32 {
  const parts = text.termsEnd - text.terms + text.changesEnd - text.changes + text.idEnd - text.id;
  return <u32>KEY + keyLength + <u32>parts;
}

export function writeRecord(record: usize, key: usize, keyLength: u32, text: GrantText): void {
  store<u64>(record, 0, HITS);
  store<u32>(record, keyLength, KEY_LENGTH);
  store<u32>(record, <u32>(text.termsEnd - text.terms), TERMS_LENGTH);
  store<u32>(record, <u32>(text.changesEnd - text.changes), CHANGES_LENGTH);
  store<u32>(record, <u32>(text.idEnd - text.id), ID_LENGTH);
  memory.copy(record + KEY, key, keyLength);
  const bytes = text.bytes.dataStart;
  const terms = record + KEY + keyLength;
  memory.copy(terms, bytes + text.terms, text.termsEnd - text.terms);
  const changes = terms + load<u32>(record, TERMS_LENGTH);
  memory.copy(changes, bytes + text.changes, text.changesEnd - text.changes);
  memory.copy(idOf(record), bytes + text.id, text.idEnd - text.id);
}

export function holds(record: usize, monotonic: u64, wall: u64): bool {
  return (
    monotonic < load<u64>(record, UNTIL) && wall >= load<u64>(record, WALL_FROM) && wall < load<u64>(record, WALL_UNTIL)
  );
}

export function recordCovers(record: usize, path: usize, length: u32): bool {
  const terms = record + KEY + load<u32>(record, KEY_LENGTH);
  return covers(terms, terms + load<u32>(record, TERMS_LENGTH), path, length);
}

/** Whether a path that has the class's prefix fulfils its further terms. */
export function covers(terms: usize, end: usize, path: usize, length: u32): bool {
  while (terms < end) {
    const kind = load<u16>(terms) >> 14;
    const size = <u32>load<u16>(terms) & 0x3fff;
    const from = kind == NOT_PREFIX ? path : path + length - size;
    const same = size <= length && isSame(from, terms + 2, size);
    if (same != (kind == SUFFIX)) return false;
    terms += 2 + size;
  }
  return true;
}

export function idOf(record: usize): usize {
  const before = load<u32>(record, KEY_LENGTH) + load<u32>(record, TERMS_LENGTH) + load<u32>(record, CHANGES_LENGTH);
  return record + KEY + before;
}

/** As ext_authz would: in the server's order. False when the host did not do as told. */
export function applyChanges(record: usize): bool {
  const end = idOf(record);
  let at = end - load<u32>(record, CHANGES_LENGTH);
  while (at < end) {
    const nameLength = <u32>load<u8>(at);
    const valueLength = load<u32>(at, 1);
    const name = at + CHANGE_HEAD;
    at = name + nameLength;
    if (valueLength == REMOVED) {
      if (removeHeaderAt(MapType.RequestHeaders, name, nameLength) != Status.Ok) return false;
    } else {
      if (setHeaderAt(MapType.RequestHeaders, name, nameLength, at, valueLength) != Status.Ok) return false;
      at += valueLength;
    }
  }
  return true;
}

/** Word by word: keys are long. */
export function isSame(a: usize, b: usize, length: u32): bool {
  const end = a + length;
  const words = a + (length & ~7);
  for (; a < words; a += 8, b += 8) if (load<u64>(a) != load<u64>(b)) return false;
  for (; a < end; a++, b++) if (load<u8>(a) != load<u8>(b)) return false;
  return true;
}
