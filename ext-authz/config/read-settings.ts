/**
 * `countersign.yaml` text → total, frozen settings, or every problem at once with its place. Pure: paths are resolved
 * against the folder that is given, files are not touched.
 */
import { isAbsolute, join } from "node:path";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { parseDuration } from "../resources/duration.ts";
import { formatPath, type Path } from "../resources/field-path.ts";
import type { Problem } from "../resources/resource.ts";
import { type Place, readYaml } from "../resources/yaml-text.ts";
import { err, ok, type Result } from "../result.ts";
import { defaults } from "./defaults.ts";
import { settingsSchema } from "./schema.ts";
import { schemaProblems } from "./schema-problems.ts";
import type {
  DecisionLogSettings,
  GrantSettings,
  JwksSettings,
  Limits,
  MintSettings,
  PathNormalization,
  ServingSettings,
  Settings,
  StampKeysSettings,
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
  readonly stampKeys?: StampKeysFile;
  readonly grants?: GrantsFile;
  readonly decisionLog?: Partial<DecisionLogSettings>;
  readonly tracing?: Partial<TracingSettings>;
  readonly log?: Settings["log"];
}

interface GrantsFile {
  readonly enabled?: boolean;
  readonly maxTtl?: string;
}

type StampKeysFile = Pick<StampKeysSettings, "file" | "tokenFile"> & Partial<StampKeysSettings>;

const STAMP_KEYS_SECONDS = 86_400;

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
    schemaProblems(validate.errors ?? [], wording).map(({ path, message, hint }) =>
      report(document?.placeOf(path) ?? START, formatPath(path), message, hint),
    ),
  );
}

const START: Place = { line: 1, column: 1 };

/** What the settings' own patterns and choices mean. */
function wording({ keyword }: ErrorObject, path: Path): { message: string; hint?: string } | undefined {
  if (keyword === "anyOf") return { message: 'must be a whole number from 1 or "auto"' };
  if (keyword !== "pattern") return undefined;
  if (path.includes("allowedSans")) return { message: "is no name", hint: "URI:spiffe://… or DNS:name" };
  if (path.includes("maxTtl")) return { message: "is no duration from 1s to 60s", hint: "5s or 1500ms" };
  return { message: "is not an address", hint: "host:port, [v6]:port or unix:///path" };
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
    ...stampKeys(file.stampKeys, absolute),
    grants: granting(file.grants),
    decisionLog: { ...decisionLog, file: absolute(decisionLog.file) },
    tracing: { ...tracing, headersFile: absolute(tracing.headersFile) },
    log: file.log ?? defaults.log,
  });
}

function granting({ enabled = defaults.grants.enabled, maxTtl = "" }: GrantsFile = {}): GrantSettings {
  return { enabled, maxTtlMs: parseDuration(maxTtl) ?? defaults.grants.maxTtlMs };
}

function stampKeys(file: StampKeysFile | undefined, absolute: (path: string) => string): Pick<Settings, "stampKeys"> {
  if (file === undefined) return {};
  const { verifyTokenFile = "", lifetimeSeconds = STAMP_KEYS_SECONDS } = file;
  const paths = { file: absolute(file.file), tokenFile: absolute(file.tokenFile) };
  return { stampKeys: { ...paths, verifyTokenFile: absolute(verifyTokenFile), lifetimeSeconds } };
}

function listening(file: SettingsFile["listen"] = {}, absolute: (path: string) => string): Settings["listen"] {
  const { grpc = defaults.listen.grpc, http = defaults.listen.http, tls } = file;
  if (tls === undefined) return { grpc, http };
  const { certFile, keyFile, clientCaFile = "", allowedSans = [] } = tls;
  const files = { certFile: absolute(certFile), keyFile: absolute(keyFile), clientCaFile: absolute(clientCaFile) };
  return { grpc, http, tls: { ...files, allowedSans } };
}
