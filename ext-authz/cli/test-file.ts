/**
 * A file of policy tests: YAML text → cases with their places, or every problem at once. Pure: paths are resolved against
 * the folder that is given, files are not touched. Format: docs/policy-tests.md.
 */
import { isAbsolute, join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import type { JsonObject, Workload } from "../model.ts";
import { formatPath } from "../resources/field-path.ts";
import type { Problem } from "../resources/resource.ts";
import { type Place, readYaml } from "../resources/yaml-text.ts";
import { err, ok, type Result } from "../result.ts";
import { type RequestSpec, readWorkload } from "./check-request.ts";
import { UsageError } from "./command.ts";

export interface PolicyTest {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly request: RequestSpec;
  /** Undefined = no token. */
  readonly claims: JsonObject | undefined;
  /** Undefined = the settings' workload. */
  readonly workload: Workload | undefined;
  readonly expect: "allow" | "deny";
  /** `namespace/name` or `namespace/name[rule]` that must have decided. */
  readonly policy: string | undefined;
  /** Closed reason code that must be given. */
  readonly reason: string | undefined;
}

export interface TestFile {
  /** Absolute; empty = the file names none. */
  readonly policies: readonly string[];
  readonly tests: readonly PolicyTest[];
}

interface Row {
  readonly name: string;
  readonly request?: RequestSpec;
  readonly claims?: JsonObject | null;
  readonly workload?: string;
  readonly expect: "allow" | "deny";
  readonly policy?: string;
  readonly reason?: string;
}

interface Written {
  readonly policies?: readonly string[];
  readonly workload?: string;
  readonly request?: RequestSpec;
  readonly claims?: JsonObject | null;
  readonly tests: readonly Row[];
}

const text = { type: "string" } as const;
const request = {
  type: "object",
  additionalProperties: false,
  properties: {
    protocol: { enum: ["http", "tcp"] },
    method: text,
    path: text,
    host: text,
    scheme: text,
    headers: {
      type: "object",
      additionalProperties: { anyOf: [text, { type: "array", items: text }] },
    },
    principal: text,
    sourceIp: text,
    destinationIp: text,
    port: { type: "integer", minimum: 0, maximum: 65_535 },
    sni: text,
  },
} as const;
const claims = { type: ["object", "null"] } as const;

const testFileSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  additionalProperties: false,
  required: ["tests"],
  properties: {
    policies: { type: "array", items: text },
    workload: text,
    request,
    claims,
    tests: {
      type: "array",
      items: {
        type: "object",
        additionalProperties: false,
        required: ["name", "expect"],
        properties: {
          name: text,
          request,
          claims,
          workload: text,
          expect: { enum: ["allow", "deny"] },
          policy: text,
          reason: text,
        },
      },
    },
  },
} as const;

const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile<Written>(testFileSchema);

export function readTestFile(file: string, source: string, folder: string): Result<TestFile, readonly Problem[]> {
  const { documents, problems } = readYaml(source);
  const report = (place: Place, path: string, message: string): Problem => {
    return { file, ...place, path, message, severity: "error" };
  };
  if (problems.length > 0) return err(problems.map((found) => report(found, "", found.message)));
  const [document, second] = documents;
  if (document === undefined || second !== undefined) {
    return err([report({ line: 1, column: 1 }, "", "one document with `tests` is wanted")]);
  }
  const value: unknown = document.value;
  if (!validate(value)) {
    return err(
      (validate.errors ?? []).map(({ instancePath, message = "is not valid", params }) => {
        const path = instancePath
          .split("/")
          .slice(1)
          .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
        const extra = params["additionalProperty"];
        const said = typeof extra === "string" ? `unknown key \`${extra}\`` : message;
        return report(document.placeOf(path), formatPath(path), said);
      }),
    );
  }
  const faults: Problem[] = [];
  const tests = value.tests.flatMap((row, index): PolicyTest[] => {
    const place = document.placeOf(["tests", index]);
    try {
      return [complete(row, value, file, place.line)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      faults.push(report(place, `tests[${index}].workload`, error.message));
      return [];
    }
  });
  if (faults.length > 0) return err(faults);
  const absolute = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  return ok({ policies: (value.policies ?? []).map(absolute), tests });
}

/** The file's own `workload`, `request` and `claims` hold where a row says nothing; a row's request adds to the file's. */
function complete(row: Row, written: Written, file: string, line: number): PolicyTest {
  const workload = row.workload ?? written.workload;
  const claimed = row.claims === undefined ? written.claims : row.claims;
  const headers = { ...written.request?.headers, ...row.request?.headers };
  return {
    name: row.name,
    file,
    line,
    request: { ...written.request, ...row.request, headers },
    claims: claimed ?? undefined,
    workload: workload === undefined ? undefined : readWorkload(workload),
    expect: row.expect,
    policy: row.policy,
    reason: row.reason,
  };
}
