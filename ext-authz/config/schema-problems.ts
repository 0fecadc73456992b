/**
 * What a JSON Schema found wrong, in the operator's words. In: Ajv's errors. Out: problems with path, message and hint, each
 * cause once. Pure; the same for every file that a command reads.
 */
import type { ErrorObject } from "ajv/dist/2020.js";
import type { Path } from "../resources/field-path.ts";

export interface SchemaProblem {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

/** @param wording says what a schema's own `pattern` and `anyOf` mean; undefined = the schema's words do. */
export function schemaProblems(
  errors: readonly ErrorObject[],
  wording: (error: ErrorObject, path: Path) => Omit<SchemaProblem, "path"> | undefined,
): readonly SchemaProblem[] {
  return errors.filter(ownCause).map((error) => {
    const path = error.instancePath.split("/").slice(1).map(pointerStep);
    const worded = wording(error, path);
    return worded === undefined ? explain(error, path) : { path, ...worded };
  });
}

/** `anyOf` and `propertyNames` report themselves beside their branches: one message is enough. */
function ownCause({ schemaPath, keyword }: ErrorObject): boolean {
  if (schemaPath.includes("/propertyNames/")) return false;
  return !(schemaPath.includes("/anyOf/") && keyword !== "anyOf");
}

function explain(error: ErrorObject, path: Path): SchemaProblem {
  switch (error.keyword) {
    case "additionalProperties": {
      const allowed = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {}).join(", ");
      const unknown = [...path, String(error.params["additionalProperty"])];
      return { path: unknown, message: "unknown key", ...(allowed !== "" && { hint: `one of: ${allowed}` }) };
    }
    case "enum":
      return { path, message: "not one of the allowed values", hint: `one of: ${error.params["allowedValues"]}` };
    case "propertyNames":
      return { path: [...path, String(error.params["propertyName"])], message: "is no name" };
    case "required":
    case "dependentRequired":
      return { path: [...path, String(error.params["missingProperty"])], message: "is missing" };
    default:
      return { path, message: error.message ?? "is not valid" };
  }
}

function pointerStep(step: string): string | number {
  return /^\d+$/.test(step) ? Number(step) : step.replaceAll("~1", "/").replaceAll("~0", "~");
}
