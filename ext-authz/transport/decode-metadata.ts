/**
 * Dynamic metadata off the wire: `google.protobuf.Struct` as plain JSON. Envoy's own is shallow; what is deeper than the bound
 * is null and stepped over, not followed. Part of `decode-check-request.ts`. Pure.
 */
import type { JsonObject, JsonValue } from "../model.ts";
import { enter, readDouble, readTag, readText, readVarint, skip, type Wire } from "./protobuf-reader.ts";

/** The same as in `from-check-request.ts`. */
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

function readStruct(wire: Wire, end: number, fields: Fields, depth: number): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag !== 0x0a) {
      skip(wire, tag, end, 0b10);
      continue;
    }
    const entryEnd = enter(wire, end);
    let name = "";
    let value: JsonValue = null;
    while (wire.at < entryEnd) {
      const inner = readTag(wire, entryEnd);
      if (inner === 0x0a) name = readText(wire, entryEnd);
      else if (inner === 0x12) value = readValue(wire, enter(wire, entryEnd), depth - 1);
      else skip(wire, inner, entryEnd, 0b110);
    }
    fields[name] = value;
  }
}

/** Of the kinds of a value the last one counts. */
function readValue(wire: Wire, end: number, depth: number): JsonValue {
  if (depth <= 0) {
    wire.at = end;
    return null;
  }
  let value: JsonValue = null;
  let struct: Fields | undefined;
  let list: JsonValue[] | undefined;
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag !== 0x2a) struct = undefined;
    if (tag !== 0x32) list = undefined;
    switch (tag) {
      case 0x08:
        readVarint(wire, end);
        value = null;
        break;
      case 0x11:
        value = readDouble(wire, end);
        break;
      case 0x1a:
        value = readText(wire, end);
        break;
      case 0x20:
        value = readVarint(wire, end) !== 0;
        break;
      case 0x2a:
        struct ??= newFields();
        readStruct(wire, enter(wire, end), struct, depth);
        value = struct;
        break;
      case 0x32:
        list ??= [];
        readList(wire, enter(wire, end), list, depth);
        value = list;
        break;
      default:
        skip(wire, tag, end, 0b111_1110);
    }
  }
  return value;
}

function readList(wire: Wire, end: number, list: JsonValue[], depth: number): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag === 0x0a) list.push(readValue(wire, enter(wire, end), depth - 1));
    else skip(wire, tag, end, 0b10);
  }
}
