/**
 * The HTTP part of a CheckRequest off the wire. What counts as a header, and which of two forms, is as in
 * `header-lines.ts` for both converters. Part of `decode-check-request.ts`. Pure.
 */
import type { IncomingHttp } from "../request/incoming.ts";
import { addLine, addRawLine, type HeaderLines } from "./header-lines.ts";
import { enter, readTag, readText, skip, textBetween, type Wire } from "./protobuf-reader.ts";
import { isPlainName, linesAt, type Span, span, WireHeaders } from "./wire-headers.ts";

/** `IncomingHttp` while it is read. */
export interface DraftHttp {
  id: string;
  method: string;
  target: string;
  host: string;
  scheme: string;
  /** Where lines of `header_map` lie; from the first that is not plain on, they are in `lines`. */
  readonly spans: Span[];
  lines: HeaderLines | undefined;
  /** `headers`, where Envoy joined the lines. */
  joined: Map<string, string> | undefined;
}

export function newHttp(): DraftHttp {
  return { id: "", method: "", target: "", host: "", scheme: "", spans: [], lines: undefined, joined: undefined };
}

export function toIncomingHttp(wire: Wire, http: DraftHttp): IncomingHttp {
  const { id, method, target, host, scheme, joined } = http;
  if (joined !== undefined) {
    const lines = allLines(wire, http);
    for (const [name, value] of joined) addLine(lines, name, value);
  }
  const { lines, spans } = http;
  const headers = lines ?? new WireHeaders(wire.latin1 ?? "", spans);
  return { id, method, target, host, scheme, headers };
}

function allLines(wire: Wire, http: DraftHttp): HeaderLines {
  http.lines ??= linesAt(wire.latin1 ?? "", http.spans);
  return http.lines;
}

// Fields 1 to 6 and 13.
const HTTP = 0b10_0000_0111_1110;

export function readHttp(wire: Wire, end: number, http: DraftHttp): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    switch (tag) {
      case 0x6a:
        readHeaderMap(wire, enter(wire, end), http);
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

function readHeaderMap(wire: Wire, end: number, http: DraftHttp): void {
  while (wire.at < end) {
    const tag = readTag(wire, end);
    if (tag === 0x0a) readHeader(wire, enter(wire, end), http);
    else skip(wire, tag, end, 0b10);
  }
}

const COLON = 0x3a;

function readHeader(wire: Wire, end: number, http: DraftHttp): void {
  let keyFrom = wire.at;
  let keyTo = wire.at;
  let valueFrom = wire.at;
  let valueTo = wire.at;
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
        valueTo = enter(wire, end);
        valueFrom = wire.at;
        wire.at = valueTo;
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
  const isOne = rawFrom === rawTo || valueFrom === valueTo;
  if (isOne && http.lines === undefined && wire.latin1 !== undefined && isPlainName(wire.bytes, keyFrom, keyTo)) {
    const isRaw = rawFrom < rawTo;
    http.spans.push(span(keyFrom, keyTo), span(isRaw ? rawFrom : valueFrom, isRaw ? rawTo : valueTo));
    return;
  }
  const name = textBetween(wire, keyFrom, keyTo);
  addRawLine(allLines(wire, http), name, textBetween(wire, rawFrom, rawTo), textBetween(wire, valueFrom, valueTo));
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
