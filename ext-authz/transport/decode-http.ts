/**
 * The HTTP part of a CheckRequest off the wire. What counts as a header, and which of two forms, is as in
 * `header-lines.ts` for both converters. Part of `decode-check-request.ts`. Pure.
 */
import type { IncomingHttp } from "../request/incoming.ts";
import { addLine, addRawLine, type HeaderLines } from "./header-lines.ts";
import { enter, readTag, readText, skip, textBetween, type Wire } from "./protobuf-reader.ts";

/** `IncomingHttp` while it is read. */
export interface DraftHttp {
  id: string;
  method: string;
  target: string;
  host: string;
  scheme: string;
  /** Lines of `header_map`. */
  readonly lines: HeaderLines;
  /** `headers`, where Envoy joined the lines. */
  joined: Map<string, string> | undefined;
}

export function newHttp(): DraftHttp {
  return { id: "", method: "", target: "", host: "", scheme: "", lines: new Map(), joined: undefined };
}

export function toIncomingHttp({ id, method, target, host, scheme, lines, joined }: DraftHttp): IncomingHttp {
  if (joined !== undefined) for (const [name, value] of joined) addLine(lines, name, value);
  return { id, method, target, host, scheme, headers: lines };
}

// Fields 1 to 6 and 13.
const HTTP = 0b10_0000_0111_1110;

export function readHttp(wire: Wire, end: number, http: DraftHttp): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    switch (tag) {
      case 0x6a:
        readHeaderMap(wire, enter(wire, end), http.lines);
        break;
      case 0x1a:
        http.joined ??= new Map();
        readEntry(wire, enter(wire, end), http.joined);
        break;
      case 0x0a:
        http.id = readText(wire, end);
        break;
      case 0x12:
        http.method = readText(wire, end);
        break;
      case 0x22:
        http.target = readText(wire, end);
        break;
      case 0x2a:
        http.host = readText(wire, end);
        break;
      case 0x32:
        http.scheme = readText(wire, end);
        break;
      default:
        skip(wire, tag, end, HTTP);
    }
  }
}

function readHeaderMap(wire: Wire, end: number, lines: HeaderLines): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag === 0x0a) readHeader(wire, enter(wire, end), lines);
    else skip(wire, tag, end, 0b10);
  }
}

const COLON = 0x3a;

function readHeader(wire: Wire, end: number, lines: HeaderLines): void {
  let keyFrom = wire.at;
  let keyTo = wire.at;
  let value = "";
  let rawFrom = wire.at;
  let rawTo = wire.at;
  while (wire.at < end) {
    const tag = readTag(wire, end);
    switch (tag) {
      case 0x0a:
        keyTo = enter(wire, end);
        keyFrom = wire.at;
        wire.at = keyTo;
        break;
      case 0x12:
        value = readText(wire, end);
        break;
      case 0x1a:
        rawTo = enter(wire, end);
        rawFrom = wire.at;
        wire.at = rawTo;
        break;
      default:
        skip(wire, tag, end, 0b1110);
    }
  }
  // Pseudo headers come from their own fields; no text is made of those.
  if (keyFrom === keyTo || wire.bytes[keyFrom] === COLON) return;
  addRawLine(lines, textBetween(wire, keyFrom, keyTo), textBetween(wire, rawFrom, rawTo), value);
}

/** One entry of a `map<string, string>`; the last one of a key counts. */
export function readEntry(wire: Wire, end: number, map: Map<string, string>): void {
  let key = "";
  let value = "";
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag === 0x0a) key = readText(wire, end);
    else if (tag === 0x12) value = readText(wire, end);
    else skip(wire, tag, end, 0b110);
  }
  map.set(key, value);
}
