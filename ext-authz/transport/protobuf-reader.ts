/**
 * The protobuf wire format, read in one pass. In: bytes from outside. Out: tags, numbers and texts in their order. Nothing is
 * trusted: what is truncated, overlong or of no known wire type throws `MalformedMessage`, which the converter catches. Pure.
 *
 * Source: protobuf.dev/programming-guides/encoding. Varints of tags and lengths are 32 bits wide, as in every parser.
 */

export class MalformedMessage extends Error {}

/** A place in one message. Every read is given the end of what it may read: a submessage cannot reach past its own. */
export interface Wire {
  readonly bytes: Buffer;
  /** Every byte as one character, so that most texts are a slice of it; undefined where a slice would hold too much. */
  readonly latin1: string | undefined;
  at: number;
}

/**
 * A slice keeps the whole text alive for as long as somebody keeps the slice: that is only fine while the whole is small.
 * Bytes; the places in it also have to fit 14 bits (`wire-headers.ts`).
 */
const MAX_SLICED = 16 * 1024;

export function openWire(bytes: Buffer): Wire {
  return { bytes, latin1: bytes.length < MAX_SLICED ? bytes.toString("latin1") : undefined, at: 0 };
}

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;
const GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

function byte(wire: Wire, end: number): number {
  if (wire.at >= end) throw new MalformedMessage("truncated");
  return wire.bytes[wire.at++] ?? 0;
}

/** @throws MalformedMessage beyond 32 bits */
export function readUint32(wire: Wire, end: number): number {
  let read = byte(wire, end);
  if (read < 0x80) return read;
  let value = read & 0x7f;
  for (let shift = 7; shift < 28; shift += 7) {
    read = byte(wire, end);
    value |= (read & 0x7f) << shift;
    if (read < 0x80) return value;
  }
  read = byte(wire, end);
  if (read > 0x0f) throw new MalformedMessage("a varint beyond 32 bits");
  return (value | (read << 28)) >>> 0;
}

/** @returns the low 32 bits of a number of up to 64, as a reader of a narrower field must */
export function readVarint(wire: Wire, end: number): number {
  let value = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const read = byte(wire, end);
    if (shift < 32) value |= (read & 0x7f) << shift;
    if (read < 0x80) return value >>> 0;
  }
  throw new MalformedMessage("a varint beyond 64 bits");
}

/** @returns field number and wire type, as they stand: `number << 3 | type` */
export function readTag(wire: Wire, end: number): number {
  const tag = readUint32(wire, end);
  if (tag < 8) throw new MalformedMessage("a field without a number");
  return tag;
}

/** Steps into what is delimited by its length. @returns where it ends */
export function enter(wire: Wire, end: number): number {
  const length = readUint32(wire, end);
  if (length > end - wire.at) throw new MalformedMessage("truncated");
  return wire.at + length;
}

/** Bytes that are not UTF-8 become U+FFFD: they may stand in headers, and must not end the check. */
export function readText(wire: Wire, end: number): string {
  const to = enter(wire, end);
  const from = wire.at;
  wire.at = to;
  return textBetween(wire, from, to);
}

export function textBetween({ bytes, latin1 }: Wire, from: number, to: number): string {
  return latin1 === undefined ? bytes.toString("utf8", from, to) : fromLatin1(latin1.slice(from, to));
}

/** Above this the platform's own count is faster than a loop. Characters. */
const LONG = 48;

/** @param bytes one character each. @returns what they say in UTF-8 */
export function fromLatin1(bytes: string): string {
  if (bytes.length > LONG) return Buffer.byteLength(bytes) === bytes.length ? bytes : decoded(bytes);
  for (let at = 0; at < bytes.length; at++) if (bytes.charCodeAt(at) > 0x7f) return decoded(bytes);
  return bytes;
}

function decoded(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("utf8");
}

export function readDouble(wire: Wire, end: number): number {
  if (end - wire.at < 8) throw new MalformedMessage("truncated");
  wire.at += 8;
  return wire.bytes.readDoubleLE(wire.at - 8);
}

/** Groups are long out of use; a parser must still find their end. */
const MAX_GROUPS = 16;

/**
 * Steps over a field that nobody reads.
 * @param known bit n = field n is one of ours: it came with another wire type than ours, which no honest client sends
 */
export function skip(wire: Wire, tag: number, end: number, known = 0): void {
  const field = tag >>> 3;
  if (field < 32 && ((known >>> field) & 1) === 1) throw new MalformedMessage(`field ${field} of another wire type`);
  skipValue(wire, tag, end, 0);
}

function skipValue(wire: Wire, tag: number, end: number, groups: number): void {
  switch (tag & 7) {
    case VARINT:
      readVarint(wire, end);
      return;
    case FIXED64:
      forward(wire, 8, end);
      return;
    case DELIMITED:
      wire.at = enter(wire, end);
      return;
    case FIXED32:
      forward(wire, 4, end);
      return;
    case GROUP:
      if (groups >= MAX_GROUPS) throw new MalformedMessage("groups too deep");
      for (;;) {
        const inner = readTag(wire, end);
        if ((inner & 7) !== END_GROUP) skipValue(wire, inner, end, groups + 1);
        else if (inner >>> 3 === tag >>> 3) return;
        else throw new MalformedMessage("the end of another group");
      }
    default:
      throw new MalformedMessage("no such wire type");
  }
}

function forward(wire: Wire, count: number, end: number): void {
  if (end - wire.at < count) throw new MalformedMessage("truncated");
  wire.at += count;
}
