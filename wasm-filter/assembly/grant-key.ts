/**
 * The bytes by which two requests are equal for a grant. In come a request and a shape, out go in the store's scratch memory:
 * the shape, what always counts, what the shape varies by, and then the path's class. Each field tells its own length, so
 * that no two requests spell one key in two ways. Effects: writes the scratch, at most MOST_KEY bytes.
 */
import { GrantRequest } from "./grant-request";
import { Atom, CONNECTION, QUERY, Shape } from "./grant-shape";
import { MOST_KEY } from "./grant-store";

/** What is written for something that is not there, where a length or count would stand. */
const ABSENT: u32 = u32.MAX_VALUE;

/** Where the class begins: a kind, then the whole path. 0 = the key would be too long, or lacks a part. */
export function writeKey(scratch: usize, request: GrantRequest, shape: Shape, connection: ArrayBuffer | null): usize {
  const end = scratch + MOST_KEY;
  store<u32>(scratch, shape.id);
  store<u32>(scratch, <u32>request.mtls, 4);
  let at = scratch + 8;
  // A client's certificate can be one that the server refuses whatever policies ask: it is the connection's.
  if (request.mtls) at = connection === null ? 0 : field(at, end, changetype<usize>(connection), connection.byteLength);
  const route = request.route;
  if (route !== null) at = field(at, end, changetype<usize>(route), route.byteLength);
  at = field(at, end, request.method, request.methodLength);
  at = field(at, end, request.authority, request.authorityLength);
  const atoms = shape.atoms;
  for (let i = 0; i < atoms.length; i++) {
    const atom = atoms[i];
    if (atom.kind == QUERY) {
      if (request.query != 0) at = field(at, end, request.query, request.queryLength);
      else at = mark(at, end);
    } else if (atom.kind == CONNECTION) {
      // Unknown connections would all be one.
      at = connection === null ? 0 : field(at, end, changetype<usize>(connection), connection.byteLength);
    } else at = lines(at, end, request, atom);
  }
  // Whole words, so that the hash of what stands before the class is counted once.
  const tail = (at + 7) & ~7;
  if (at == 0 || tail + 1 + request.pathLength > end) return 0;
  memory.fill(at, 0, tail - at);
  memory.copy(tail + 1, request.path, request.pathLength);
  return tail;
}

/** All lines of that name, in wire order, after their count. */
function lines(at: usize, end: usize, request: GrantRequest, atom: Atom): usize {
  const base = changetype<usize>(request.lines);
  const count = load<u32>(base);
  let lengths = base + 4;
  let name = lengths + (count << 3);
  const wanted = atom.name.dataStart;
  const wantedLength = <u32>atom.name.length;
  const start = at;
  let found: u32 = 0;
  at = mark(at, end);
  for (let i: u32 = 0; i < count; i++) {
    const nameLength = load<u32>(lengths);
    const valueLength = load<u32>(lengths, 4);
    const value = name + nameLength + 1;
    if (nameLength == wantedLength && memory.compare(name, wanted, nameLength) == 0) {
      at = field(at, end, value, valueLength);
      found++;
    }
    lengths += 8;
    name = value + valueLength + 1;
  }
  if (at != 0) store<u32>(start, found);
  return at;
}

function field(at: usize, end: usize, from: usize, length: u32): usize {
  // 0 = it did not fit, and stays so.
  if (at == 0 || length > MOST_KEY || at + 4 + length > end) return 0;
  store<u32>(at, length);
  memory.copy(at + 4, from, length);
  return at + 4 + length;
}

function mark(at: usize, end: usize): usize {
  if (at == 0 || at + 4 > end) return 0;
  store<u32>(at, ABSENT);
  return at + 4;
}
