/**
 * The text of `countersign.zones.yaml` → description and where each of its fields stands, or every problem at once. Pure: the
 * files that it names are not touched.
 */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { schemaProblems } from "../config/schema-problems.ts";
import { formatPath, type Path } from "../resources/field-path.ts";
import type { Problem } from "../resources/resource.ts";
import { type Place, readYaml } from "../resources/yaml-text.ts";
import { err, ok, type Result } from "../result.ts";
import type { Description } from "./description.ts";
import { zonesSchema } from "./schema.ts";

export interface ReadDescription {
  readonly description: Description;
  /** A problem at a field of the file. */
  readonly problem: (path: Path, message: string, hint?: string) => Problem;
}

const validate = new Ajv2020({ allErrors: true, strict: true, verbose: true }).compile<Description>(zonesSchema);

const START: Place = { line: 1, column: 1 };

export function readDescription(file: string, text: string): Result<ReadDescription, readonly Problem[]> {
  const { documents, problems } = readYaml(text);
  const at = (place: Place, path: Path, message: string, hint?: string): Problem => {
    const where = { file, ...place, path: formatPath(path), severity: "error" } as const;
    return { ...where, message, ...(hint !== undefined && { hint }) };
  };
  if (problems.length > 0) {
    return err(problems.map((found) => at(found, [], found.message.split("\n", 1)[0] ?? "", found.hint)));
  }
  const [document, second] = documents;
  if (document === undefined) return err([at(START, [], "nothing stands in this file")]);
  if (second !== undefined) return err([at(second.placeOf([]), [], "one document only")]);
  const problem: ReadDescription["problem"] = (path, message, hint) => at(document.placeOf(path), path, message, hint);
  const value: unknown = document.value;
  if (validate(value)) return ok({ description: value, problem });
  const found = schemaProblems(validate.errors ?? [], wording);
  return err(found.map(({ path, message, hint }) => problem(path, message, hint)));
}

/** What the schema's own patterns and choices mean: each says it itself. */
function wording({ keyword, parentSchema }: ErrorObject): { message: string; hint?: string } | undefined {
  if (keyword === "anyOf") return { message: "is not a lower-case header name, nor empty" };
  if (keyword !== "pattern") return undefined;
  const hint: unknown = parentSchema?.["description"];
  return { message: "is not written as it must be", ...(typeof hint === "string" && { hint }) };
}
