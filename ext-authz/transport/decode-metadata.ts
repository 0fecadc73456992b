/**
 * Dynamic metadata off the wire: `google.protobuf.Struct` as plain JSON. Envoy's own is shallow; what is deeper than the bound
 * is null and stepped over, not followed. Part of `decode-check-request.ts`. Pure.
 */
import type { JsonObject, JsonValue } from "../model.ts";
import { enter, readDouble, readTag, readText, readVarint, skip, type Wire } from "./protobuf-reader.ts";

/** Of values; a struct or list in a struct is one deeper. */
export const MAX_DEPTH = 16;

type Fields = Record<string, JsonValue>;

/** No prototype: a name may be `__proto__`. */
const newFields = (): Fields => Object.create(null);

export function readFilterMetadata(wire: Wire, end: number, metadata: Map<string, JsonObject>): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag !== 0x0a) {
      skip(wire, tag, end, 0b10);
      continue;
    }
    const entryEnd = enter(wire, end);
    let name = "";
    const fields = newFields();
    while (wire.at < entryEnd) {
      const inner = readTag(wire, entryEnd);
      if (inner === 0x0a) name = readText(wire, entryEnd);
      else if (inner === 0x12) readStruct(wire, enter(wire, entryEnd), fields, MAX_DEPTH);
      else skip(wire, inner, entryEnd, 0b110);
    }
    metadata.set(name, fields);
  }
}

/** A value while it is read: of its kinds the last one counts, and what comes twice merges with what was there. */
interface DraftValue {
  value: JsonValue;
  struct: Fields | undefined;
  list: JsonValue[] | undefined;
}

function readStruct(wire: Wire, end: number, fields: Fields, depth: number): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag !== 0x0a) {
      skip(wire, tag, end, 0b10);
      continue;
    }
    const entryEnd = enter(wire, end);
    const draft: DraftValue = { value: null, struct: undefined, list: undefined };
    let name = "";
    while (wire.at < entryEnd) {
      const inner = readTag(wire, entryEnd);
      if (inner === 0x0a) name = readText(wire, entryEnd);
      else if (inner === 0x12) readValue(wire, enter(wire, entryEnd), draft, depth - 1);
      else skip(wire, inner, entryEnd, 0b110);
    }
    fields[name] = draft.value;
  }
}

function readValue(wire: Wire, end: number, draft: DraftValue, depth: number): void {
  if (depth <= 0) wire.at = end;
  while (wire.at < end) {
    const tag = readTag(wire, end);
    switch (tag) {
      case 0x08:
        readVarint(wire, end);
        become(draft, null);
        break;
      case 0x11:
        become(draft, readDouble(wire, end));
        break;
      case 0x1a:
        become(draft, readText(wire, end));
        break;
      case 0x20:
        become(draft, readVarint(wire, end) !== 0);
        break;
      case 0x2a: {
        const struct = draft.struct ?? newFields();
        become(draft, struct);
        draft.struct = struct;
        readStruct(wire, enter(wire, end), struct, depth);
        break;
      }
      case 0x32: {
        const list = draft.list ?? [];
        become(draft, list);
        draft.list = list;
        readList(wire, enter(wire, end), list, depth);
        break;
      }
      default:
        skip(wire, tag, end, 0b111_1110);
    }
  }
}

function become(draft: DraftValue, value: JsonValue): void {
  draft.value = value;
  draft.struct = undefined;
  draft.list = undefined;
}

function readList(wire: Wire, end: number, list: JsonValue[], depth: number): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag !== 0x0a) {
      skip(wire, tag, end, 0b10);
      continue;
    }
    const draft: DraftValue = { value: null, struct: undefined, list: undefined };
    readValue(wire, enter(wire, end), draft, depth - 1);
    list.push(draft.value);
  }
}
