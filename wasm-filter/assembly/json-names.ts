/**
 * Finds a member that stands twice in one JSON object: two readers would disagree on which counts (RFC 8259 §4). Names
 * are compared after unescaping. Few plain names are compared with each other, without allocation; more are sorted, for which
 * a sender can choose no slow input. No effects.
 */
import { bytesOf, equalBytes } from "./ascii";
import { JsonNodes } from "./json-node";
import { unescape } from "./json-string";

const FEW: i32 = 32;

export function repeatsName(source: Uint8Array, nodes: JsonNodes, object: i32): bool {
  const end = nodes.next(object);
  let count = 0;
  let plain = true;
  for (let at = object + 1; at < end; at = nodes.next(at + 1)) {
    count++;
    if (nodes.escaped(at)) plain = false;
  }
  if (!plain || count > FEW) return repeats(namesOf(source, nodes, object));
  const text = source.dataStart;
  for (let at = object + 1; at < end; at = nodes.next(at + 1)) {
    const start = nodes.start(at);
    const length = nodes.end(at) - start;
    for (let other = object + 1; other < at; other = nodes.next(other + 1)) {
      const from = nodes.start(other);
      if (nodes.end(other) - from == length && memory.compare(text + start, text + from, length) == 0) return true;
    }
  }
  return false;
}

function namesOf(source: Uint8Array, nodes: JsonNodes, object: i32): Uint8Array[] {
  const names: Uint8Array[] = [];
  const end = nodes.next(object);
  for (let at = object + 1; at < end; at = nodes.next(at + 1)) {
    const start = nodes.start(at);
    const to = nodes.end(at);
    names.push(nodes.escaped(at) ? bytesOf(unescape(source, start, to)) : source.subarray(start, to));
  }
  return names;
}

/** Heap sort: the largest name that is left goes to the end, and equal ones come one after the other. */
function repeats(names: Uint8Array[]): bool {
  for (let at = (names.length >> 1) - 1; at >= 0; at--) sink(names, at, names.length);
  for (let end = names.length - 1; end > 0; end--) {
    const largest = names[0];
    names[0] = names[end];
    sink(names, 0, end);
    if (equalBytes(names[0], largest)) return true;
  }
  return false;
}

/** Moves the name at `at` down the heap of the first `length`, below those that come after it. */
function sink(names: Uint8Array[], at: i32, length: i32): void {
  const moved = names[at];
  for (;;) {
    let child = 2 * at + 1;
    if (child >= length) break;
    if (child + 1 < length && isBefore(names[child], names[child + 1])) child++;
    if (!isBefore(moved, names[child])) break;
    names[at] = names[child];
    at = child;
  }
  names[at] = moved;
}

function isBefore(a: Uint8Array, b: Uint8Array): bool {
  if (a.length != b.length) return a.length < b.length;
  return memory.compare(a.dataStart, b.dataStart, a.length) < 0;
}
