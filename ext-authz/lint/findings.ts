/**
 * Runs every lint rule. In: what was read, the files' texts for exact places. Out: findings, bounded, in the order of their
 * places. Pure. Findings are warnings: nothing here refuses a policy.
 */
import type { MeshSettings } from "../config/settings.ts";
import type { Workload } from "../model.ts";
import { formatPath } from "../resources/field-path.ts";
import type { Resource } from "../resources/resource.ts";
import { breadthRules } from "./breadth-rules.ts";
import { identityRules } from "./identity-rules.ts";
import { placesIn, type SourceText } from "./locate.ts";
import { overlapRules } from "./overlap-rules.ts";
import { pathRules } from "./path-rules.ts";
import type { LintInput, LintRule } from "./rule.ts";
import { scopeRules } from "./scope-rules.ts";
import { typoRules } from "./typo-rules.ts";

export interface Finding {
  readonly id: string;
  /** `Kind namespace/name`. */
  readonly resource: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
  readonly why: string;
  readonly fix: string;
}

/** Every rule, in the order of docs/lint.md. */
export const lintRules: readonly LintRule[] = [
  ...overlapRules,
  ...breadthRules,
  ...identityRules,
  ...pathRules,
  ...typoRules,
  ...scopeRules,
];

/** Of one rule. */
const MAX_FINDINGS = 500;
const MAX_TEXT = 400;

export function findingsOf(
  resources: readonly Resource[],
  files: readonly SourceText[],
  mesh: MeshSettings,
  workloads: readonly Workload[],
): readonly Finding[] {
  const input: LintInput = {
    mesh,
    workloads,
    policies: resources.filter((resource) => resource.kind === "AuthorizationPolicy"),
    authentications: resources.filter((resource) => resource.kind === "RequestAuthentication"),
    peers: resources.filter((resource) => resource.kind === "PeerAuthentication"),
  };
  const placeOf = placesIn(files);
  const findings = lintRules.flatMap(({ id, why, check }) =>
    check(input)
      .slice(0, MAX_FINDINGS)
      .map(({ resource, path, message, fix }): Finding => {
        const { kind, namespace, name, file } = resource;
        const place = placeOf(resource, path);
        const texts = { path: formatPath(path), message: cut(message), why, fix: cut(fix) };
        return { id, resource: `${kind} ${namespace}/${name}`, file, ...place, ...texts };
      }),
  );
  return findings.sort((a, b) => (a.file < b.file ? -1 : Number(a.file > b.file)) || a.line - b.line);
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}

/** `file:line:column: warning [id] path: message (fix)` */
export function formatFinding({ file, line, column, id, path, message, fix }: Finding): string {
  return `${file}:${line}:${column}: warning [${id}] ${path}: ${message} (${fix})`;
}
