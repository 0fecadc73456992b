/** What fits what among the types of CEL expressions and our records. Pure. `dyn` fits everything and everything fits it. */
import { type CelMapType, CelScalar, type CelType } from "@bufbuild/cel";
import type { RecordShape, Shape } from "./vocabulary.ts";

export const { BOOL, DYN, STRING } = CelScalar;

export function isRecord(shape: Shape): shape is RecordShape {
  return shape.kind === "record";
}

export function isDyn(shape: Shape): boolean {
  return shape.kind === "scalar" && shape.name === "dyn";
}

export function fits(actual: Shape, wanted: Shape): boolean {
  if (isDyn(actual) || isDyn(wanted)) return true;
  if (actual.kind === "list") return wanted.kind === "list" && fits(actual.element, wanted.element);
  if (actual.kind === "map") {
    return wanted.kind === "map" && fits(actual.key, wanted.key) && fits(actual.value, wanted.value);
  }
  return actual.kind === wanted.kind && actual.name === wanted.name;
}

const NUMBERS = ["int", "uint", "double"];

/** CEL compares numbers of all types; anything else only with its like. A record is no value. */
export function comparable(left: Shape, right: Shape): boolean {
  if (isRecord(left) || isRecord(right)) return false;
  return fits(left, right) || (NUMBERS.includes(left.name) && NUMBERS.includes(right.name));
}

/** The type that all have; `dyn` when they differ or there are none. */
export function joined(shapes: readonly Shape[]): Shape {
  const [first, ...rest] = shapes;
  if (first === undefined) return DYN;
  return rest.every((shape) => !isDyn(shape) && fits(shape, first)) ? first : DYN;
}

const KEYS: readonly CelMapType["key"][] = [CelScalar.STRING, CelScalar.INT, CelScalar.UINT, CelScalar.BOOL];

export function keyTypeOf(shape: Shape): CelMapType["key"] {
  return KEYS.find((key) => key === shape) ?? DYN;
}

/** For messages: `string`, `list(string)`, `request.auth`. */
export function describe(shape: Shape): string {
  if (isRecord(shape)) return `\`${shape.name}\` (not a value)`;
  return textOf(shape);
}

function textOf(type: CelType): string {
  if (type.kind === "list") return `list(${textOf(type.element)})`;
  if (type.kind === "map") return `map(${textOf(type.key)}, ${textOf(type.value)})`;
  return type.name;
}
