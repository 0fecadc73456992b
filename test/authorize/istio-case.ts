/** Turns one case of `cases/istio-authz.json` into what the core takes: selected resources, a request and a payload. */
import type { MeshSettings } from "../../ext-authz/config/settings.ts";
import type { JsonObject, JsonValue, RequestModel, Workload } from "../../ext-authz/model.ts";
import { parseIp } from "../../ext-authz/request/ip-address.ts";
import { normalizePath } from "../../ext-authz/request/normalize-path.ts";
import { readResources } from "../../ext-authz/resources/read.ts";
import type { RequestAuthentication, Resource } from "../../ext-authz/resources/resource.ts";
import { applies } from "../../ext-authz/resources/select.ts";

export interface IstioCase {
  readonly name: string;
  readonly policies: readonly object[];
  readonly mesh?: Partial<MeshSettings>;
  readonly request: {
    readonly protocol?: "tcp";
    readonly method: string | null;
    readonly path: string | null;
    readonly host: string | null;
    readonly headers: Readonly<Record<string, string | readonly string[]>>;
    readonly source_principal: string | null;
    readonly source_ip: string;
    readonly remote_ip: string;
    readonly destination_ip: string;
    readonly destination_port: number;
    readonly sni: string;
  };
  readonly jwt_claims: JsonObject | null;
  readonly workload: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly expect: { readonly status: number; readonly body?: string };
}

/** The cases' placeholder for an inline key set. */
const JWKS = "$" + "{JWKS}";

export const mesh: MeshSettings = {
  rootNamespace: "istio-system",
  trustDomain: "cluster.local",
  trustDomainAliases: [],
  pathNormalization: "BASE",
  strict: false,
  extensionProviders: [],
};

export function meshOf(one: IstioCase): MeshSettings {
  return { ...mesh, ...one.mesh };
}

export function workloadOf({ workload }: IstioCase): Workload {
  return { namespace: workload.namespace, name: "", labels: new Map(Object.entries(workload.labels)) };
}

/** The resources of the case that apply to its workload. */
export function resourcesOf(one: IstioCase): readonly Resource[] {
  const text = JSON.stringify({ apiVersion: "v1", kind: "List", items: one.policies });
  const jwks = JSON.stringify(JSON.stringify({ keys: [{ kty: "RSA", n: "AQ", e: "AQAB" }] })).slice(1, -1);
  const { resources, problems } = readResources([{ file: one.name, text: text.replaceAll(JWKS, jwks) }]);
  const errors = problems.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new Error(JSON.stringify(errors));
  return resources.filter((resource) => applies(resource, workloadOf(one), meshOf(one).rootNamespace));
}

export function requestOf(one: IstioCase): RequestModel {
  const { request } = one;
  const { path, query } = normalizePath(request.path ?? "", meshOf(one).pathNormalization);
  return {
    protocol: request.protocol ?? "http",
    method: request.method ?? "",
    path,
    query,
    scheme: request.protocol === "tcp" ? "" : "http",
    host: request.host ?? undefined,
    headers: new Map(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), [value].flat()])),
    source: { address: parseIp(request.source_ip), port: 40000 },
    destination: { address: parseIp(request.destination_ip), port: request.destination_port },
    remoteAddress: parseIp(request.remote_ip),
    sourcePrincipal: request.source_principal?.startsWith("spiffe://") ? request.source_principal.slice(9) : undefined,
    peerCertificate: undefined,
    sni: request.sni,
    workload: workloadOf(one),
    metadata: new Map(),
    requestId: "",
  };
}

/** The claims count as verified when a RequestAuthentication of the workload takes their issuer. */
export function payloadOf(one: IstioCase): JsonObject | undefined {
  const { jwt_claims: claims } = one;
  if (claims === null || one.request.protocol === "tcp") return undefined;
  const rules = resourcesOf(one)
    .filter((resource): resource is RequestAuthentication => resource.kind === "RequestAuthentication")
    .flatMap(({ jwtRules }) => jwtRules);
  const rule = rules.find(({ issuer }) => issuer === claims["iss"]);
  if (rule === undefined) return undefined;
  const split = ["scope", "permission", ...rule.spaceDelimitedClaims];
  return Object.fromEntries(
    Object.entries(claims).map(([name, value]): [string, JsonValue] => {
      if (typeof value !== "string" || !split.includes(name)) return [name, value];
      return [name, value.split(" ").filter((part) => part !== "")];
    }),
  );
}
