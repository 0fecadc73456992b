/**
 * The request as RFC 9421 sees it: the values of the components that a stamp covers. In come the request's parts as bytes,
 * out come component values, written. Pure; it knows no host, so that the vectors of the RFC run through it.
 */
import { byteAt, find, lower, spells } from "./ascii";
import { ByteWriter } from "./byte-writer";

/** What a component is; a field's name is told beside it. */
const METHOD: i32 = 0;
const AUTHORITY: i32 = 1;
const PATH: i32 = 2;
const QUERY: i32 = 3;
const FIELD: i32 = 4;

class Field {
  constructor(
    public name: string,
    public lines: Uint8Array[],
    public next: Field | null,
  ) {}
}

export class SignedMessage {
  private fields: Field | null = null;

  constructor(
    public method: Uint8Array,
    public scheme: Uint8Array,
    public authority: Uint8Array,
    /** As on the wire, with the query. */
    public target: Uint8Array,
  ) {}

  /** The lines of one field, in order, each without blanks at its ends. `name` is lower-case. */
  field(name: string, lines: Uint8Array[]): void {
    this.fields = new Field(name, lines, this.fields);
  }

  /** Writes the value of a component (RFC 9421 §2.1, §2.2); false for one that is not there or not known. */
  write(name: string, out: ByteWriter): bool {
    return this.writePart(partOf(name), name, out);
  }

  /** As `write`, where it is known what the name stands for. */
  writePart(part: i32, name: string, out: ByteWriter): bool {
    if (part == METHOD) out.bytes(this.method);
    else if (part == AUTHORITY) writeAuthority(out, this.authority, this.scheme);
    else if (part == PATH) writePath(out, this.target);
    else if (part == QUERY) writeQuery(out, this.target);
    else {
      let field = this.fields;
      while (field !== null && field.name != name) field = field.next;
      if (field === null || field.lines.length == 0) return false;
      writeJoined(out, field.lines);
    }
    return true;
  }
}

export function partOf(name: string): i32 {
  if (name == "@method") return METHOD;
  if (name == "@authority") return AUTHORITY;
  if (name == "@path") return PATH;
  return name == "@query" ? QUERY : FIELD;
}

/** Lower case, without the scheme's default port (RFC 9421 §2.2.3). */
function writeAuthority(out: ByteWriter, authority: Uint8Array, scheme: Uint8Array): void {
  let end = authority.length;
  if (spells(scheme, 0, scheme.length, "https") && spells(authority, end - 4, end, ":443")) end -= 4;
  else if (spells(scheme, 0, scheme.length, "http") && spells(authority, end - 3, end, ":80")) end -= 3;
  // `host:8080:80` is not the `host:8080` that was signed: only the one port of a host is its default.
  const colon = find(authority, 0x3a, 0, end);
  if (end < authority.length && colon >= 0 && byteAt(authority, end - 1) != 0x5d) end = authority.length;
  const from = authority.dataStart;
  const to = out.extend(end);
  for (let i = 0; i < end; i++) store<u8>(to + i, lower(load<u8>(from + i)));
}

/** As on the wire; an empty path is `/` (RFC 9421 §2.2.6). */
function writePath(out: ByteWriter, target: Uint8Array): void {
  const mark = find(target, 0x3f, 0, target.length);
  const end = mark < 0 ? target.length : mark;
  if (end > 0) out.bytes(target, 0, end);
  else out.byte(0x2f);
}

/** With its `?`, which stands alone when there is no query (RFC 9421 §2.2.7). */
function writeQuery(out: ByteWriter, target: Uint8Array): void {
  const mark = find(target, 0x3f, 0, target.length);
  if (mark >= 0) out.bytes(target, mark);
  else out.byte(0x3f);
}

function writeJoined(out: ByteWriter, lines: Uint8Array[]): void {
  for (let i = 0; i < lines.length; i++) {
    if (i > 0) out.text(", ");
    out.bytes(lines[i]);
  }
}

/** True when one of `length` bytes at `at` would end or forge a line of a signature base. */
export function breaksLine(at: usize, length: i32): bool {
  const end = at + length;
  const words = at + (length & ~7);
  // Eight bytes at once: the high bit stays where a byte is below 0x10.
  for (; at < words; at += 8) {
    const word = load<u64>(at);
    if (((word - 0x1010101010101010) & ~word & 0x8080808080808080) != 0) break;
  }
  for (; at < end; at++) {
    const code = load<u8>(at);
    if (code == 0x0a || code == 0x0d || code == 0) return true;
  }
  return false;
}
