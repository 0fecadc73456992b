/**
 * `countersign.yaml` text → total, frozen settings, or every problem at once with its place. Pure: paths are resolved
 * against the folder that is given, files are not touched.
 */
import { isAbsolute, join } from "node:path";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { formatPath, type Path } from "../resources/field-path.ts";
import type { Problem } from "../resources/resource.ts";
import { type Place, readYaml } from "../resources/yaml-text.ts";
import { err, ok, type Result } from "../result.ts";
import { defaults } from "./defaults.ts";
import { settingsSchema } from "./schema.ts";
import type {
  DecisionLogSettings,
  JwksSettings,
  Limits,
  MintSettings,
  PathNormalization,
  ServingSettings,
  Settings,
  TlsSettings,
  TracingSettings,
} from "./settings.ts";

/** The file's own shape: flat where the operator writes it flat. Everything is optional. */
interface SettingsFile {
  readonly listen?: { readonly grpc?: string; readonly http?: string; readonly tls?: TlsFile };
  readonly serving?: Partial<ServingSettings>;
  readonly workers?: number | "auto";
  readonly policies?: readonly string[];
  readonly shadowPolicies?: readonly string[];
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
  readonly decisionLog?: Partial<DecisionLogSettings>;
  readonly tracing?: Partial<TracingSettings>;
  readonly log?: Settings["log"];
}

type TlsFile = Pick<TlsSettings, "certFile" | "keyFile"> & Partial<TlsSettings>;

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
  const { documents, problems } = readYaml(source.text);
  const report = (place: Place, path: string, message: string, hint?: string): Problem => {
    return { file: source.file, ...place, path, message, severity: "error", ...(hint !== undefined && { hint }) };
  };
  if (problems.length > 0) return err(problems.map((found) => report(found, "", firstLine(found.message), found.hint)));
  const [document, second] = documents;
  if (second !== undefined) return err([report(second.placeOf([]), "", "one document only")]);
  const value: unknown = document?.value ?? {};
  if (validate(value)) return ok(complete(value, source));
  return err(
    (validate.errors ?? []).filter(ownCause).map((error) => {
      const { path, message, hint } = explain(error);
      return report(document?.placeOf(path) ?? START, formatPath(path), message, hint);
    }),
  );
}

const START: Place = { line: 1, column: 1 };

/** `anyOf` reports itself beside its branches: one message is enough. */
function ownCause(error: ErrorObject): boolean {
  return !(error.schemaPath.includes("/anyOf/") && error.keyword !== "anyOf");
}

function explain(error: ErrorObject): { path: Path; message: string; hint?: string } {
  const path = error.instancePath.split("/").slice(1).map(pointerStep);
  switch (error.keyword) {
    case "additionalProperties": {
      const allowed = Object.keys((error.parentSchema?.["properties"] as object | undefined) ?? {}).join(", ");
      const unknown = [...path, String(error.params["additionalProperty"])];
      return { path: unknown, message: "unknown key", ...(allowed !== "" && { hint: `one of: ${allowed}` }) };
    }
    case "enum":
      return { path, message: "not one of the allowed values", hint: `one of: ${error.params["allowedValues"]}` };
    case "anyOf":
      return { path, message: 'must be a whole number from 1 or "auto"' };
    case "required":
    case "dependentRequired":
      return { path: [...path, String(error.params["missingProperty"])], message: "is missing" };
    case "pattern":
      if (path.includes("allowedSans")) return { path, message: "is no name", hint: "URI:spiffe://… or DNS:name" };
      return { path, message: "is not an address", hint: "host:port, [v6]:port or unix:///path" };
    default:
      return { path, message: error.message ?? "is not valid" };
  }
}

function pointerStep(step: string): string | number {
  return /^\d+$/.test(step) ? Number(step) : step.replaceAll("~1", "/").replaceAll("~0", "~");
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}

function complete(file: SettingsFile, source: SettingsSource): Settings {
  const absolute = (path: string): string => (isAbsolute(path) || path === "" ? path : join(source.folder, path));
  const { mesh } = defaults;
  const jwks = { ...defaults.jwks, ...file.jwks };
  const mint = { ...defaults.mint, ...file.mint };
  const decisionLog = { ...defaults.decisionLog, ...file.decisionLog };
  const tracing = { ...defaults.tracing, ...file.tracing };
  return Object.freeze({
    listen: listening(file.listen, absolute),
    serving: { ...defaults.serving, ...file.serving },
    workers: file.workers === "auto" ? source.cores : (file.workers ?? defaults.workers),
    policies: (file.policies ?? defaults.policies).map(absolute),
    shadowPolicies: (file.shadowPolicies ?? defaults.shadowPolicies).map(absolute),
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
    jwks: { ...jwks, caFile: absolute(jwks.caFile), folder: absolute(jwks.folder) },
    mint: { ...mint, keyFile: absolute(mint.keyFile) },
    decisionLog: { ...decisionLog, file: absolute(decisionLog.file) },
    tracing: { ...tracing, headersFile: absolute(tracing.headersFile) },
    log: file.log ?? defaults.log,
  });
}

function listening(file: SettingsFile["listen"] = {}, absolute: (path: string) => string): Settings["listen"] {
  const { grpc = defaults.listen.grpc, http = defaults.listen.http, tls } = file;
  if (tls === undefined) return { grpc, http };
  const { certFile, keyFile, clientCaFile = "", allowedSans = [] } = tls;
  const files = { certFile: absolute(certFile), keyFile: absolute(keyFile), clientCaFile: absolute(clientCaFile) };
  return { grpc, http, tls: { ...files, allowedSans } };
}
