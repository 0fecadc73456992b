/**
 * A value of a configuration together with the way to it. In: plain trees of bounded depth. Out: members, items and
 * everything below, without recursion. Pure.
 * Envoy and Istio read `snake_case` and `camelCase` names alike: a member is asked for in snake_case and found in both.
 */
import type { Path } from "../../resources/field-path.ts";
import type { Plain } from "../../resources/yaml-node.ts";
import type { Place } from "../../resources/yaml-text.ts";

/** One document of one file, or one answer of `/config_dump`. */
export interface ConfigDocument {
  readonly file: string;
  readonly value: Plain;
  /** Where in the file this document's top stands: not empty for what is embedded in a ConfigMap. */
  readonly base: Path;
  /** Undefined for JSON, which is read without places. */
  readonly placeOf: ((path: Path) => Place) | undefined;
}

export interface Frame {
  readonly document: ConfigDocument;
  readonly value: Plain;
  readonly key: string | number;
  readonly parent: Frame | undefined;
}

export function rootOf(document: ConfigDocument): Frame {
  return { document, value: document.value, key: "", parent: undefined };
}

export function isRecord(value: Plain): value is { readonly [key: string]: Plain } {
  return typeof value === "object" && value !== null && !isList(value);
}

export function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value);
}

/** The member at the end of these names; undefined where one of them is not written. */
export function child(frame: Frame | undefined, ...names: readonly string[]): Frame | undefined {
  let at = frame;
  for (const name of names) {
    if (at === undefined || !isRecord(at.value)) return undefined;
    const key = Object.hasOwn(at.value, name) ? name : camelCase(name);
    const value = Object.hasOwn(at.value, key) ? at.value[key] : undefined;
    at = value === undefined || value === null ? undefined : { document: at.document, value, key, parent: at };
  }
  return at;
}

/** The items of a list; none for anything else. */
export function items(frame: Frame | undefined): readonly Frame[] {
  if (frame === undefined || !isList(frame.value)) return [];
  return frame.value.map((value, key) => ({ document: frame.document, value, key, parent: frame }));
}

/** The members of a mapping, whatever their names; none for anything else. */
export function members(frame: Frame | undefined): readonly Frame[] {
  if (frame === undefined || !isRecord(frame.value)) return [];
  return Object.entries(frame.value).map(([key, value]) => ({ document: frame.document, value, key, parent: frame }));
}

/** The frame itself and all below it, in the order in which they are written. @param skip what not to go into */
export function* below(frame: Frame | undefined, skip: (frame: Frame) => boolean = () => false): Generator<Frame> {
  const open: Frame[] = frame === undefined ? [] : [frame];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    yield next;
    const inner = isList(next.value) ? items(next) : members(next);
    for (let index = inner.length - 1; index >= 0; index--) {
      const one = inner[index];
      if (one !== undefined && !skip(one)) open.push(one);
    }
  }
}

/** The nearest frame around this one for which `test` holds. */
export function around(frame: Frame, test: (frame: Frame) => boolean): Frame | undefined {
  for (let at = frame.parent; at !== undefined; at = at.parent) if (test(at)) return at;
  return undefined;
}

export function isNamed(frame: Frame, name: string): boolean {
  return frame.key === name || frame.key === camelCase(name);
}

export function pathOf(frame: Frame): Path {
  const path: (string | number)[] = [];
  for (let at = frame; at.parent !== undefined; at = at.parent) path.push(at.key);
  return [...frame.document.base, ...path.reverse()];
}

export function textOf(frame: Frame | undefined): string | undefined {
  return typeof frame?.value === "string" ? frame.value : undefined;
}

export function isTrue(frame: Frame | undefined): boolean {
  return frame?.value === true;
}

/** Numbers, also as protobuf's JSON writes 64-bit ones: in quotes. */
export function numberOf(frame: Frame | undefined): number | undefined {
  const value = frame?.value;
  if (typeof value === "number") return value;
  return typeof value === "string" && /^-?\d{1,20}$/.test(value) ? Number(value) : undefined;
}

/** Only names that the code asks for come here: the map stays small. */
const camelCased = new Map<string, string>();

function camelCase(name: string): string {
  const known = camelCased.get(name);
  if (known !== undefined) return known;
  const made = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  camelCased.set(name, made);
  return made;
}
