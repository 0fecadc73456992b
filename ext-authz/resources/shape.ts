/**
 * In: a JSON Schema, then plain values. Out: whether a value has the shape, with every misfit reported. Pure.
 * Ajv finds the misfits; the words are ours, since its own neither say what would be right nor where it stands.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { asciiLowerCase } from "../authorize/string-pattern.ts";
import type { Path, Report } from "./field-path.ts";

const ajv = new Ajv2020({ allErrors: true, strict: true, verbose: true, ownProperties: true, messages: false });

/** True when the value has the shape `T` of the schema. */
export type Shape<T> = (value: unknown, report: Report) => value is T;

export function shapeOf<T>(schema: object): Shape<T> {
  const validate: ValidateFunction<T> = ajv.compile<T>(schema);
  return (value, report): value is T => {
    if (validate(value)) return true;
    for (const error of validate.errors ?? []) report(...findingOf(error, value));
    return false;
  };
}

type Finding = readonly [path: Path, message: string, hint?: string];

function findingOf(error: ErrorObject, root: unknown): Finding {
  const path = pathOf(error.instancePath, root);
  const { params, data } = error;
  switch (error.keyword) {
    case "additionalProperties": {
      const known = Object.keys(error.parentSchema?.["properties"] ?? {});
      const field = String(params["additionalProperty"]);
      return [[...path, field], "unknown field", suggestion(field, known)];
    }
    case "required":
      return [path, `the field \`${params["missingProperty"]}\` is missing`];
    case "type":
      return [path, `must be ${nameOf(params["type"])}, not ${typeOf(data)}`, ...quoteHint(params["type"], data)];
    case "enum": {
      const allowed: unknown[] = params["allowedValues"] ?? [];
      return [path, `\`${String(data)}\` is not allowed here`, suggestion(String(data), allowed.map(String))];
    }
    case "minLength":
      return [path, "must not be empty"];
    case "minItems":
      return [path, "must not be an empty list", "leave the field out, or list something"];
    case "minProperties":
      return [path, "must have at least one member"];
    case "maxItems":
    case "maxLength":
    case "maxProperties":
      return [path, `is longer than ${params["limit"]}`];
    default:
      return [path, `is not valid (${error.keyword})`];
  }
}

function suggestion(given: string, known: readonly string[]): string {
  const meant = known.find((name) => asciiLowerCase(name) === asciiLowerCase(given));
  return meant === undefined ? `known: ${known.join(", ")}` : `did you mean \`${meant}\`?`;
}

function quoteHint(wanted: unknown, data: unknown): [hint?: string] {
  const scalar = typeof data === "number" || typeof data === "boolean";
  return wanted === "string" && scalar ? [`put it in quotes: "${data}"`] : [];
}

function nameOf(type: unknown): string {
  if (type === "array") return "a list";
  if (type === "object") return "a mapping";
  return `a ${String(type)}`;
}

function typeOf(data: unknown): string {
  if (data === null) return "empty (null)";
  return nameOf(Array.isArray(data) ? "array" : typeof data);
}

/** A JSON pointer's segments; digits are an index only where a list stands. */
function pathOf(pointer: string, root: unknown): Path {
  const path: (string | number)[] = [];
  let value = root;
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    path.push(Array.isArray(value) ? Number(name) : name);
    value = memberOf(value, name);
  }
  return path;
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, name)?.value;
}
