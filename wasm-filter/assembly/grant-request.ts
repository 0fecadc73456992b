/**
 * What grants must know of one request, read in place from the host's bytes. In come the header lines as the host wrote
 * them, out come the parts of the key, or nothing where the request is not one that a grant could speak for: then the
 * server is asked. No effects. Rules: docs/grants.md.
 */
import { lower } from "./ascii";

const MOST_TARGET: u32 = 2048;
/** `!$&'()*+,-./0-9:=` and `@A-Z_a-z~`: bytes that no reader of paths decodes, joins or cuts off. */
const PATH_LOW: u64 = 0x27ffffd200000000;
const PATH_HIGH: u64 = 0x47fffffe87ffffff;

export class GrantRequest {
  method: usize = 0;
  methodLength: u32 = 0;
  authority: usize = 0;
  authorityLength: u32 = 0;
  path: usize = 0;
  pathLength: u32 = 0;
  /** Behind the first `?`; 0 = there is none. */
  query: usize = 0;
  queryLength: u32 = 0;
  /** Name of the route; empty where all routes are one. */
  route: ArrayBuffer | null = null;
  mtls: bool = false;
  /** When it came: monotonic and wall clock, nanoseconds. */
  monotonic: u64 = 0;
  wall: u64 = 0;
  /** Place of a grant that holds for it; 0 = none. */
  found: u64 = 0;
  /** That grant was given to a request with the same `authorization`: its token passed the guard's checks, and the server's. */
  vouched: bool = false;
  /** The grant's place that this request is to renew; 0 = none. */
  renews: u64 = 0;
  /** The host did not make all changes of that grant: the request must be refused. */
  broken: bool = false;
  /** Decision id of the grant that let it pass; null = it was asked for. */
  decision: ArrayBuffer | null = null;

  /** Holds the bytes that the places above point into. */
  constructor(public lines: ArrayBuffer) {}
}

/** `lines` as the ABI writes pairs, and found sound (`HeaderPairs`). */
export function readGrantRequest(lines: ArrayBuffer): GrantRequest | null {
  const read = new GrantRequest(lines);
  const count = load<u32>(changetype<usize>(lines));
  let lengths = changetype<usize>(lines) + 4;
  let name = lengths + (count << 3);
  for (let i: u32 = 0; i < count; i++) {
    const nameLength = load<u32>(lengths);
    const value = name + nameLength + 1;
    const valueLength = load<u32>(lengths, 4);
    if (isNamed(name, nameLength, ":path")) {
      if (read.path != 0) return null;
      read.path = value;
      read.pathLength = valueLength;
    } else if (isNamed(name, nameLength, ":method")) {
      if (read.method != 0) return null;
      read.method = value;
      read.methodLength = valueLength;
    } else if (isNamed(name, nameLength, ":authority")) {
      if (read.authority != 0) return null;
      read.authority = value;
      read.authorityLength = valueLength;
    } else if (isNamed(name, nameLength, "connection")) {
      if (!isNamed(value, valueLength, "keep-alive") && !isNamed(value, valueLength, "close")) return null;
    } else if (isNamed(name, nameLength, "upgrade")) return null;
    lengths += 8;
    name = value + valueLength + 1;
  }
  if (read.path == 0 || read.method == 0 || read.authority == 0) return null;
  if (isNamed(read.method, read.methodLength, "connect")) return null;
  return splitTarget(read) ? read : null;
}

/** Without regard to case; `text` is lower-case. */
export function isNamed(at: usize, length: u32, text: string): bool {
  if (length != <u32>text.length) return false;
  for (let i: u32 = 0; i < length; i++) if (lower(load<u8>(at + i)) != <u8>text.charCodeAt(i)) return false;
  return true;
}

/** Path and query apart; false where two readers could see two paths, or the target is none. */
function splitTarget(read: GrantRequest): bool {
  const start = read.path;
  const end = start + read.pathLength;
  if (read.pathLength > MOST_TARGET || read.pathLength == 0 || load<u8>(start) != 0x2f) return false;
  let at = start;
  let segment = start;
  for (; at < end; at++) {
    const code = load<u8>(at);
    if (code == 0x3f) break;
    const set = code < 0x40 ? PATH_LOW : PATH_HIGH;
    if (code > 0x7f || ((set >> (code & 63)) & 1) == 0) return false;
    if (code != 0x2f) continue;
    if (at > start && isEmptyOrDots(segment, at)) return false;
    segment = at + 1;
  }
  // The last segment may be empty, as in `/a/`.
  if (at > segment && isEmptyOrDots(segment, at)) return false;
  read.pathLength = <u32>(at - start);
  if (at == end) return true;
  read.query = at + 1;
  read.queryLength = <u32>(end - read.query);
  for (at = read.query; at < end; at++) {
    const code = load<u8>(at);
    if (code <= 0x20 || code >= 0x7f || code == 0x23) return false;
  }
  return true;
}

function isEmptyOrDots(from: usize, to: usize): bool {
  const length = to - from;
  if (length > 2) return false;
  for (let i: usize = 0; i < length; i++) if (load<u8>(from + i) != 0x2e) return false;
  return true;
}
