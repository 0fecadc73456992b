/**
 * `countersign.yaml` text → total, frozen settings, or every problem at once with its place. Pure: paths are resolved
 * against the folder that is given, files are not touched.
 */
import { isAbsolute, join } from "node:path";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { LineCounter, parseDocument } from "yaml";
import type { Problem } from "../resources/resource.ts";
import { err, ok, type Result } from "../result.ts";
import { defaults } from "./defaults.ts";
import { settingsSchema } from "./schema.ts";
import type { JwksSettings, Limits, MintSettings, PathNormalization, Settings } from "./settings.ts";

/** The file's own shape: flat where the operator writes it flat. Everything is optional. */
interface SettingsFile {
  readonly listen?: Partial<Settings["listen"]>;
  readonly workers?: number | "auto";
  readonly policies?: readonly string[];
  readonly rootNamespace?: string;
  readonly trustDomain?: string;
  readonly trustDomainAliases?: readonly string[];
  readonly extensionProviders?: readonly string[];
  readonly pathNormalization?: PathNormalization;
  readonly strict?: boolean;
  readonly clientAddress?: Partial<Settings["clientAddress"]>;
  readonly workload?: Partial<Settings["workload"]>;
  readonly limits?: Partial<Limits>;
  readonly clockSkewSeconds?: number;
  readonly jwks?: Partial<JwksSettings>;
  readonly mint?: Partial<MintSettings>;
  readonly log?: Settings["log"];
}

const validate = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true }).compile<SettingsFile>(
  settingsSchema,
);

export interface SettingsSource {
  /** For messages. */
  readonly file: string;
  readonly text: string;
  /** Absolute folder that relative paths in the file start from. */
  readonly folder: string;
  /** Processes that "auto" means. */
  readonly cores: number;
}

export function readSettings(source: SettingsSource): Result<Settings, readonly Problem[]> {
  const lines = new LineCounter();
  const document = parseDocument(source.text, { lineCounter: lines, strict: true, uniqueKeys: true, merge: false });
  const problem = (offset: number, path: string, message: string, hint?: string): Problem => {
    const { line, col } = lines.linePos(offset);
    return { file: source.file, line, column: col, path, message, severity: "error", ...(hint && { hint }) };
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) return err(syntax.map((error) => problem(error.pos[0], "", firstLine(error.message))));
  let value: unknown;
  try {
    // Settings need no aliases; refusing them ends every YAML bomb here.
    value = document.toJS({ maxAliasCount: 0 }) ?? {};
  } catch {
    return err([problem(0, "", "aliases are not allowed", "write the value out")]);
  }
  if (!validate(value)) {
    return err((validate.errors ?? []).filter(ownCause).map((error) => explain(error, document, problem)));
  }
  return ok(complete(value, source));
}

/** `anyOf` reports itself beside its branches: one message is enough. */
function ownCause(error: ErrorObject): boolean {
  return !(error.schemaPath.includes("/anyOf/") && error.keyword !== "anyOf");
}

type Place = (offset: number, path: string, message: string, hint?: string) => Problem;

function explain(error: ErrorObject, document: ReturnType<typeof parseDocument>, problem: Place): Problem {
  const steps = error.instancePath.split("/").slice(1).map(unescapePointer);
  const unknown = error.keyword === "additionalProperties" ? String(error.params["additionalProperty"]) : undefined;
  const full = unknown === undefined ? steps : [...steps, unknown];
  const node = document.getIn(full, true) ?? document.getIn(steps, true);
  const range = typeof node === "object" && node !== null && "range" in node ? node.range : undefined;
  const offset = Array.isArray(range) && typeof range[0] === "number" ? range[0] : 0;
  const path = full
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : `.${step}`))
    .join("")
    .replace(/^\./, "");
  if (unknown !== undefined) {
    const allowed = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {});
    return problem(offset, path, "unknown key", allowed.length > 0 ? `one of: ${allowed.join(", ")}` : undefined);
  }
  if (error.keyword === "enum")
    return problem(offset, path, "not one of the allowed values", `one of: ${error.params["allowedValues"]}`);
  if (error.keyword === "anyOf") return problem(offset, path, 'must be a whole number from 1 or "auto"');
  if (error.keyword === "pattern")
    return problem(offset, path, "is not an address", "host:port, [v6]:port or unix:///path");
  return problem(offset, path, error.message ?? "is not valid");
}

function unescapePointer(step: string): string {
  return step.replaceAll("~1", "/").replaceAll("~0", "~");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}

function complete(file: SettingsFile, source: SettingsSource): Settings {
  const absolute = (path: string): string => (isAbsolute(path) || path === "" ? path : join(source.folder, path));
  const { mesh } = defaults;
  const jwks = { ...defaults.jwks, ...file.jwks };
  const mint = { ...defaults.mint, ...file.mint };
  return Object.freeze({
    listen: { ...defaults.listen, ...file.listen },
    workers: file.workers === "auto" ? source.cores : (file.workers ?? defaults.workers),
    policies: (file.policies ?? defaults.policies).map(absolute),
    mesh: {
      rootNamespace: file.rootNamespace ?? mesh.rootNamespace,
      trustDomain: file.trustDomain ?? mesh.trustDomain,
      trustDomainAliases: file.trustDomainAliases ?? mesh.trustDomainAliases,
      pathNormalization: file.pathNormalization ?? mesh.pathNormalization,
      strict: file.strict ?? mesh.strict,
      extensionProviders: file.extensionProviders ?? mesh.extensionProviders,
    },
    clientAddress: { ...defaults.clientAddress, ...file.clientAddress },
    workload: { ...defaults.workload, ...file.workload },
    limits: { ...defaults.limits, ...file.limits },
    clockSkewSeconds: file.clockSkewSeconds ?? defaults.clockSkewSeconds,
    jwks: { ...jwks, caFile: absolute(jwks.caFile) },
    mint: { ...mint, keyFile: absolute(mint.keyFile) },
    log: file.log ?? defaults.log,
  });
}
