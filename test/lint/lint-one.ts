/** YAML text in, findings out. */
import { defaults } from "../../ext-authz/config/defaults.ts";
import type { MeshSettings } from "../../ext-authz/config/settings.ts";
import { type Finding, findingsOf } from "../../ext-authz/lint/findings.ts";
import type { Workload } from "../../ext-authz/model.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import type { Resource } from "../../ext-authz/resources/resource.ts";

export const mesh: MeshSettings = defaults.mesh;

export function resourcesOf(text: string): readonly Resource[] {
  const { resources, problems } = readResources([{ file: "p.yaml", text }]);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return resources;
}

export function lintText(
  text: string,
  changes: Partial<MeshSettings> = {},
  workloads: readonly Workload[] = [],
): readonly Finding[] {
  return findingsOf(resourcesOf(text), [{ file: "p.yaml", text }], { ...mesh, ...changes }, workloads);
}

interface Written {
  readonly namespace?: string;
  readonly selector?: string;
}

let made = 0;

/** An AuthorizationPolicy with rules in flow style. */
export function policy(action: string, rules: string, { namespace = "shop", selector }: Written = {}): string {
  made++;
  return document("AuthorizationPolicy", `p${String(made).padStart(6, "0")}`, namespace, [
    ...(selector === undefined ? [] : [`  selector: { matchLabels: { ${selector} } }`]),
    `  action: ${action}`,
    `  rules: ${rules}`,
  ]);
}

export function authentication(issuer = "https://idp.example", { namespace = "shop", selector }: Written = {}): string {
  return document("RequestAuthentication", "idp", namespace, [
    ...(selector === undefined ? [] : [`  selector: { matchLabels: { ${selector} } }`]),
    `  jwtRules: [{ issuer: "${issuer}", jwksUri: "https://idp.example/jwks" }]`,
  ]);
}

export function peers(mode: string, { namespace = "shop", selector }: Written = {}, name = "peers"): string {
  return document("PeerAuthentication", name, namespace, [
    ...(selector === undefined ? [] : [`  selector: { matchLabels: { ${selector} } }`]),
    `  mtls: { mode: ${mode} }`,
  ]);
}

function document(kind: string, name: string, namespace: string, spec: readonly string[]): string {
  return [
    "---",
    "apiVersion: security.istio.io/v1",
    `kind: ${kind}`,
    `metadata: { name: ${name}, namespace: ${namespace} }`,
    "spec:",
    ...spec,
    "",
  ].join("\n");
}
