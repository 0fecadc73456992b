/**
 * The request as RFC 9421 sees it: the values of the components that a stamp covers. In come the request's parts as bytes,
 * out come component values. Pure; it knows no host, so that the vectors of the RFC run through it.
 */
import { byteAt, find, lower, slice, spells } from "./ascii";
import { ByteWriter } from "./byte-writer";

export class SignedMessage {
  private names: string[] = [];
  private lines: Uint8Array[][] = [];

  constructor(
    public method: Uint8Array,
    public scheme: Uint8Array,
    public authority: Uint8Array,
    /** As on the wire, with the query. */
    public target: Uint8Array,
  ) {}

  /** The lines of one field, in order, each without blanks at its ends. `name` is lower-case. */
  field(name: string, lines: Uint8Array[]): void {
    this.names.push(name);
    this.lines.push(lines);
  }

  /** The value of a component (RFC 9421 §2.1, §2.2); null for one that is not there or not known. */
  component(name: string): Uint8Array | null {
    if (name == "@method") return this.method;
    if (name == "@authority") return normalAuthority(this.authority, this.scheme);
    if (name == "@path") return pathOf(this.target);
    if (name == "@query") return queryOf(this.target);
    const at = this.names.indexOf(name);
    return at < 0 || this.lines[at].length == 0 ? null : joined(this.lines[at]);
  }
}

/** Lower case, without the scheme's default port (RFC 9421 §2.2.3). */
function normalAuthority(authority: Uint8Array, scheme: Uint8Array): Uint8Array {
  let end = authority.length;
  if (spells(scheme, 0, scheme.length, "https") && spells(authority, end - 4, end, ":443")) end -= 4;
  else if (spells(scheme, 0, scheme.length, "http") && spells(authority, end - 3, end, ":80")) end -= 3;
  // `host:8080:80` is not the `host:8080` that was signed: only the one port of a host is its default.
  const colon = find(authority, 0x3a, 0, end);
  if (end < authority.length && colon >= 0 && byteAt(authority, end - 1) != 0x5d) end = authority.length;
  const out = slice(authority, 0, end);
  for (let i = 0; i < out.length; i++) out[i] = lower(out[i]);
  return out;
}

/** As on the wire; an empty path is `/` (RFC 9421 §2.2.6). */
function pathOf(target: Uint8Array): Uint8Array {
  const mark = find(target, 0x3f, 0, target.length);
  const path = slice(target, 0, mark < 0 ? target.length : mark);
  if (path.length > 0) return path;
  const root = new Uint8Array(1);
  root[0] = 0x2f;
  return root;
}

/** With its `?`, which stands alone when there is no query (RFC 9421 §2.2.7). */
function queryOf(target: Uint8Array): Uint8Array {
  const mark = find(target, 0x3f, 0, target.length);
  if (mark >= 0) return slice(target, mark, target.length);
  const none = new Uint8Array(1);
  none[0] = 0x3f;
  return none;
}

function joined(lines: Uint8Array[]): Uint8Array {
  if (lines.length == 1) return lines[0];
  const out = new ByteWriter();
  for (let i = 0; i < lines.length; i++) {
    if (i > 0) out.text(", ");
    out.bytes(lines[i]);
  }
  return out.take();
}

/** A byte that would end or forge a line of a signature base. */
export function breaksLine(value: Uint8Array): bool {
  for (let i = 0; i < value.length; i++) {
    const code = byteAt(value, i);
    if (code == 0x0a || code == 0x0d || code == 0) return true;
  }
  return false;
}
