/**
 * In: a node of the YAML library. Out: plain values as JSON has them, faults with their offsets, and where a path
 * stands. Pure. Objects get own properties for every key, so `__proto__` is a key like another.
 */
import { isAlias, isMap, isScalar, isSeq, type Pair, type YAMLMap } from "yaml";
import type { Path } from "./field-path.ts";

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

export interface Fault {
  readonly offset: number;
  readonly message: string;
  readonly hint?: string;
}

interface Found {
  readonly faults: Fault[];
  readonly ambiguous: Path[];
}

const YAML_1_1_BOOLEAN = /^(?:yes|no|on|off)$/i;

/** @param node as composed, of bounded depth */
export function plainValue(node: unknown): { value: Plain; faults: readonly Fault[]; ambiguous: readonly Path[] } {
  const found: Found = { faults: [], ambiguous: [] };
  return { value: convert(node, [], found), ...found };
}

function convert(node: unknown, path: Path, found: Found): Plain {
  if (isAlias(node)) {
    found.faults.push({ offset: startOf(node), message: "aliases are not allowed", hint: "write the value out" });
    return null;
  }
  if ((isMap(node) || isSeq(node) || isScalar(node)) && node.anchor !== undefined) {
    found.faults.push({ offset: startOf(node), message: "anchors are not allowed", hint: `remove &${node.anchor}` });
  }
  if (isSeq(node)) return node.items.map((item, index) => convert(item, [...path, index], found));
  if (isMap(node)) {
    const members = new Map<string, Plain>();
    for (const { key, value } of node.items) {
      const name = keyText(key);
      if (members.has(name)) {
        found.faults.push({ offset: startOf(key), message: `the key \`${name}\` stands here twice` });
      }
      members.set(name, convert(value, [...path, name], found));
    }
    return Object.fromEntries(members);
  }
  if (!isScalar(node)) return null;
  const { value } = node;
  if (typeof value === "string") {
    if (node.type === "PLAIN" && node.tag === undefined && YAML_1_1_BOOLEAN.test(value)) found.ambiguous.push(path);
    return value;
  }
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  found.faults.push({ offset: startOf(node), message: "this kind of value is not allowed" });
  return null;
}

/** Offset of what stands at the path, or of the deepest part of it that exists; undefined for an empty document. */
export function nodeAt(root: unknown, path: Path): number | undefined {
  let node = root;
  let offset = isMap(root) || isSeq(root) || isScalar(root) ? startOf(root) : undefined;
  for (const segment of path) {
    if (isSeq(node) && typeof segment === "number") {
      node = node.items[segment];
      if (isMap(node) || isSeq(node) || isScalar(node)) offset = startOf(node);
    } else if (isMap(node)) {
      const pair = pairsOf(node).get(String(segment));
      if (pair === undefined) return offset;
      offset = startOf(pair.key);
      node = pair.value;
    } else {
      return offset;
    }
  }
  return offset;
}

/** By key, built once per mapping: a file with many problems asks for many places. */
const pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = pairs.get(map);
  if (known !== undefined) return known;
  const made = new Map(map.items.map((pair) => [keyText(pair.key), pair]));
  pairs.set(map, made);
  return made;
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value ?? "") : "";
}

function startOf(node: unknown): number {
  if (isAlias(node) || isMap(node) || isSeq(node) || isScalar(node)) return node.range?.[0] ?? 0;
  return 0;
}
