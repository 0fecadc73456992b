/**
 * Finds a member that stands twice in one JSON object: two readers would disagree on which counts (RFC 8259 §4). Names
 * are compared after unescaping. Linear for large objects, without allocation for small plain ones. No effects.
 */
import { JsonNode } from "./json-node";
import { unescape } from "./json-string";
import { equalSpans } from "./utf8";

const FEW: i32 = 32;

export function repeatsName(source: Uint8Array, nodes: JsonNode[], object: i32): bool {
  const end = nodes[object].next;
  let count = 0;
  let plain = true;
  for (let at = object + 1; at < end; at = nodes[at + 1].next) {
    count++;
    if (nodes[at].escaped) plain = false;
  }
  if (!plain || count > FEW) {
    const seen = new Set<string>();
    for (let at = object + 1; at < end; at = nodes[at + 1].next) {
      const name = unescape(source, nodes[at].start, nodes[at].end);
      if (seen.has(name)) return true;
      seen.add(name);
    }
    return false;
  }
  for (let at = object + 1; at < end; at = nodes[at + 1].next) {
    for (let other = object + 1; other < at; other = nodes[other + 1].next) {
      const a = nodes[at];
      const b = nodes[other];
      if (equalSpans(source, a.start, a.end, b.start, b.end)) return true;
    }
  }
  return false;
}
