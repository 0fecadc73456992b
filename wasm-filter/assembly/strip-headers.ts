/**
 * Takes off a request what only we may set. In come the request's lines and the rules; effects: writes to the host's header
 * map. False when the host did not do as told, and then the request must be refused.
 */
import { MapType, removeHeaderBytes, Status, setHeaderBytes } from "proxy-wasm-sdk-as/assembly";
import { bytesOf, find, slice } from "./ascii";
import { ByteWriter } from "./byte-writer";
import { isAliasOf, OwnedHeaders } from "./header-firewall";
import { RequestHead } from "./request-head";
import { INPUT_HEADER, Labelled, SIGNATURE_HEADER, withoutOurs, ZONE_HEADER } from "./stamp-fields";

const INPUT = bytesOf(INPUT_HEADER);
const SIGNATURE = bytesOf(SIGNATURE_HEADER);
let count: u32 = 0;

/** Removes every owned line. `keep` = the one token header that a verified stamp covers; the zone is kept with it. */
export function stripOwned(map: MapType, head: RequestHead, owned: OwnedHeaders, stamped: bool, keep: string): bool {
  let done = true;
  for (let line = 0; line < head.length; line++) {
    if (!owned.mayOwn(head.namePtr(line), head.nameLength(line))) continue;
    const start = head.nameStart(line);
    if (isStraySignature(map, head, line)) done = remove(map, head.nameBytes(line)) && done;
    if (!owned.owns(head.wire, start, head.nameEnd(line))) continue;
    if (stamped && (head.nameIs(line, ZONE_HEADER) || (keep != "" && head.nameIs(line, keep)))) continue;
    done = remove(map, head.nameBytes(line)) && done;
  }
  return done;
}

/** Removes our members of Signature and Signature-Input, and either field as a whole where it does not parse. */
export function stripStamp(head: RequestHead): bool {
  return stripMembers(head, INPUT_HEADER) && stripMembers(head, SIGNATURE_HEADER);
}

/** Removes owned names from `connection`: the next hop would take the header off that we put on. */
export function stripNominated(head: RequestHead, owned: OwnedHeaders): bool {
  if (!head.has("connection")) return true;
  const lines = head.all("connection");
  const out = new ByteWriter();
  let found = false;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    for (let at = 0; at <= line.length; ) {
      const comma = find(line, 0x2c, at, line.length);
      const end = comma < 0 ? line.length : comma;
      if (owned.owns(line, at, end) || isSignature(line, at, end)) found = true;
      else {
        if (out.length > 0) out.byte(0x2c);
        out.bytes(slice(line, at, end));
      }
      at = end + 1;
    }
  }
  return !found || replace("connection", out.take());
}

function stripMembers(head: RequestHead, name: string): bool {
  if (!head.has(name)) return true;
  const lines = head.all(name);
  const ours = new Labelled(lines);
  return (ours.ok && ours.members.length == 0) || replace(name, withoutOurs(lines));
}

/** How many lines were taken off or rewritten so far, to see whether one request's were. */
export function stripped(): u32 {
  return count;
}

function replace(name: string, value: Uint8Array): bool {
  if (value.length == 0) return remove(MapType.RequestHeaders, bytesOf(name));
  count++;
  return setHeaderBytes(MapType.RequestHeaders, name, value) == Status.Ok;
}

function remove(map: MapType, name: Uint8Array): bool {
  count++;
  return removeHeaderBytes(map, name) == Status.Ok;
}

function isSignature(bytes: Uint8Array, from: i32, to: i32): bool {
  return isAliasOf(bytes, from, to, INPUT) || isAliasOf(bytes, from, to, SIGNATURE);
}

/** `signature_input` and the like, which some servers read as the field itself; in trailers the field too. */
function isStraySignature(map: MapType, head: RequestHead, line: i32): bool {
  const exact = head.nameIs(line, INPUT_HEADER) || head.nameIs(line, SIGNATURE_HEADER);
  if (exact) return map == MapType.RequestTrailers;
  return isSignature(head.wire, head.nameStart(line), head.nameEnd(line));
}
