/**
 * `context_extensions` are the operator's, written into a route: few, and the same with every request. In: entries as they are
 * spelled on the wire. Out: their map, the same object each time, so that what is found by it (the workload, its plan) is found
 * at once. A life: bounded; what is too long to be an operator's is read each time.
 */
import { readEntry } from "./decode-http.ts";
import { enter, openWire, type Wire } from "./protobuf-reader.ts";

export type Extensions = ReadonlyMap<string, string>;

export const NO_EXTENSIONS: Extensions = new Map();

const MAX_KNOWN = 1024;
const MAX_SPELLED = 4096;

/** The entry that stands here with its length before it, so that no two lists of entries are spelled alike. */
export function spelledEntry(wire: Wire, end: number): string {
  const from = wire.at;
  wire.at = enter(wire, end);
  return wire.latin1?.slice(from, wire.at) ?? wire.bytes.toString("latin1", from, wire.at);
}

/** @returns a function that throws MalformedMessage */
export function extensionsMemo(): (spelled: string) => Extensions {
  const known = new Map<string, Extensions>();
  return (spelled) => {
    const remembered = known.get(spelled);
    if (remembered !== undefined) return remembered;
    const bytes = Buffer.from(spelled, "latin1");
    const read = new Map<string, string>();
    const wire = openWire(bytes);
    while (wire.at < bytes.length) readEntry(wire, enter(wire, bytes.length), read);
    if (spelled.length > MAX_SPELLED) return read;
    const oldest = known.size >= MAX_KNOWN ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    // A copy: a slice of a message would keep all of it.
    known.set(bytes.toString("latin1"), read);
    return read;
  };
}
