/**
 * The only door for what operators write. In: the texts of files. Out: typed resources, and every problem at once.
 * Pure. A resource with an error is left out, and whoever loads must not use a set that has errors: a policy that is
 * missing may be the one that refuses.
 */

import { err } from "../result.ts";
import { type ReadArtifact, readAccessPolicy } from "./access-policy.ts";
import { readApiKeys } from "./api-keys.ts";
import { readAuthorizationPolicy } from "./authorization-policy.ts";
import { formatPath, type Path, type Report } from "./field-path.ts";
import { readInternalToken } from "./internal-token.ts";
import { type Envelope, readEnvelope, withoutNulls } from "./manifest.ts";
import { readPeerAuthentication } from "./peer-authentication.ts";
import { problemList } from "./problem-list.ts";
import { readProofOfPossession } from "./proof-of-possession.ts";
import { readRequestAuthentication } from "./request-authentication.ts";
import type { Problem, Resource } from "./resource.ts";
import { readRevocation } from "./revocation.ts";
import { readTokenIntrospection } from "./token-introspection.ts";
import { readTokenProfile } from "./token-profile.ts";
import { readYaml, type YamlDocument } from "./yaml-text.ts";

type ReadSpec = (envelope: Envelope, report: Report, readArtifact: ReadArtifact) => Resource | undefined;

interface Kind {
  readonly versions: readonly string[];
  readonly read: ReadSpec;
}

const ISTIO = ["v1", "v1beta1"];
const OURS = ["v1alpha1"];
const KINDS: ReadonlyMap<string, ReadonlyMap<string, Kind>> = new Map([
  [
    "security.istio.io",
    new Map<string, Kind>([
      ["AuthorizationPolicy", { versions: ISTIO, read: readAuthorizationPolicy }],
      ["RequestAuthentication", { versions: ISTIO, read: readRequestAuthentication }],
      ["PeerAuthentication", { versions: ISTIO, read: readPeerAuthentication }],
    ]),
  ],
  [
    "countersign.dev",
    new Map<string, Kind>([
      ["InternalToken", { versions: OURS, read: readInternalToken }],
      ["AccessPolicy", { versions: OURS, read: readAccessPolicy }],
      ["ApiKeys", { versions: OURS, read: readApiKeys }],
      ["ProofOfPossession", { versions: OURS, read: readProofOfPossession }],
      ["Revocation", { versions: OURS, read: readRevocation }],
      ["TokenIntrospection", { versions: OURS, read: readTokenIntrospection }],
      ["TokenProfile", { versions: OURS, read: readTokenProfile }],
    ]),
  ],
]);

const NO_ARTIFACTS: ReadArtifact = () => err("cannot be read here");

/**
 * @param readArtifact reads the Rego bundles that policies name; without it a policy that names one is an error
 * @returns resources in the order in which they stand, at most 1000 errors and at most 1000 warnings
 */
export function readResources(
  files: readonly { readonly file: string; readonly text: string }[],
  readArtifact: ReadArtifact = NO_ARTIFACTS,
): {
  readonly resources: readonly Resource[];
  readonly problems: readonly Problem[];
} {
  const problems = problemList();
  const admit = admission();
  const resources = files.flatMap(({ file, text }) => readFile(file, text, { add: problems.add, admit, readArtifact }));
  return { resources, problems: problems.all };
}

interface Reading {
  readonly add: (problem: Problem) => void;
  readonly admit: Admit;
  readonly readArtifact: ReadArtifact;
}

/** Nothing of the returned resources refers to the file's tree: 100,000 policies are read with one tree in memory. */
function readFile(file: string, text: string, { add, admit, readArtifact }: Reading): Resource[] {
  const yaml = readYaml(text);
  for (const problem of yaml.problems) add({ file, ...problem, path: "", severity: "error" });
  return yaml.documents.flatMap((document) =>
    objectsIn(document).flatMap(({ value, base }) => {
      let errors = 0;
      const report: Report = (path, message, hint, severity = "error") => {
        if (severity === "error") errors++;
        const whole = [...base, ...path];
        const found = { file, path: formatPath(whole), message, ...(hint === undefined ? {} : { hint }), severity };
        add({ ...found, ...document.placeOf(whole) });
      };
      const resource = readObject(value, file, { document, base, report, readArtifact });
      if (resource === undefined || errors > 0) return [];
      const duplicate = admit(resource);
      if (duplicate !== undefined) report(["metadata", "name"], duplicate);
      return duplicate === undefined ? [resource] : [];
    }),
  );
}

/** The document's object, or those of a `kind: List`. */
function objectsIn({ value }: YamlDocument): { readonly value: unknown; readonly base: Path }[] {
  if (!isRecord(value) || value["kind"] !== "List" || value["apiVersion"] !== "v1") return [{ value, base: [] }];
  const items: unknown = value["items"] ?? [];
  if (!Array.isArray(items)) return [{ value: items, base: ["items"] }];
  return items.map((item: unknown, index) => ({ value: item, base: ["items", index] }));
}

interface Standing {
  readonly document: YamlDocument;
  readonly base: Path;
  readonly report: Report;
  readonly readArtifact: ReadArtifact;
}

function readObject(
  raw: unknown,
  file: string,
  { document, base, report, readArtifact }: Standing,
): Resource | undefined {
  const value = withoutNulls(raw, "constants");
  if (!isRecord(value)) {
    report([], "is no resource", "a resource has `apiVersion`, `kind` and `metadata`");
    return undefined;
  }
  const { apiVersion, kind: name } = value;
  if (typeof apiVersion !== "string" || typeof name !== "string") {
    report([], "a resource needs `apiVersion` and `kind`, both text");
    return undefined;
  }
  const [group = "", version] = apiVersion.includes("/") ? apiVersion.split("/", 2) : ["", apiVersion];
  const kinds = KINDS.get(group);
  if (kinds === undefined) {
    const meant = [...KINDS].find(([, kinds]) => kinds.has(name))?.[0];
    const hint = meant === undefined ? undefined : `did you mean the group ${meant}?`;
    // A slip in the group of a policy that refuses would otherwise take it out of force.
    report(
      ["kind"],
      `${apiVersion} ${name} is not ours and is ignored`,
      hint,
      meant === undefined ? "warning" : "error",
    );
    return undefined;
  }
  const kind = kinds.get(name);
  if (kind === undefined) {
    report(["kind"], `${group} has no kind \`${name}\` here`, `known: ${[...kinds.keys()].join(", ")}`);
    return undefined;
  }
  if (version === undefined || !kind.versions.includes(version)) {
    report(
      ["apiVersion"],
      `${name} is not read in the version \`${apiVersion}\``,
      `known: ${kind.versions.join(", ")}`,
    );
    return undefined;
  }
  for (const path of document.ambiguous) {
    if (base.some((segment, index) => path[index] !== segment)) continue;
    report(path.slice(base.length), "this word is a boolean to Kubernetes (YAML 1.1)", "put it in quotes");
  }
  const envelope = readEnvelope(value, file, document.placeOf(base).line, report);
  return envelope === undefined ? undefined : kind.read(envelope, report, readArtifact);
}

/** @returns what is wrong with one more resource of its name */
type Admit = (resource: Resource) => string | undefined;

/** Two resources of one name: which of them counts would depend on the order of files. */
function admission(): Admit {
  const first = new Map<string, Resource>();
  return (resource) => {
    const { kind, namespace, name } = resource;
    const key = JSON.stringify([kind, namespace, name]);
    const other = first.get(key);
    if (other === undefined) first.set(key, resource);
    return other && `${kind} ${namespace}/${name} already stands in ${other.file}, line ${other.line}`;
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
