/** Short ways to write requests and policies in tables. */
import { authorize } from "../../ext-authz/authorize/authorize.ts";
import { compileAuthorization } from "../../ext-authz/authorize/plan.ts";
import type { MeshSettings } from "../../ext-authz/config/settings.ts";
import type { JsonObject, RequestModel, Verdict } from "../../ext-authz/model.ts";
import { parseIp } from "../../ext-authz/request/ip-address.ts";
import type { AuthorizationPolicy, PolicyAction, Rule } from "../../ext-authz/resources/resource.ts";
import { mesh } from "./istio-case.ts";

export { mesh };

export function ip(text: string) {
  const address = parseIp(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return address;
}

export function request(changes: Partial<RequestModel> = {}): RequestModel {
  return {
    protocol: "http",
    method: "GET",
    path: "/",
    query: "",
    scheme: "http",
    host: "example.com",
    headers: new Map(),
    source: { address: ip("10.0.0.1"), port: 40000 },
    destination: { address: ip("10.1.1.1"), port: 8080 },
    remoteAddress: ip("203.0.113.9"),
    sourcePrincipal: undefined,
    peerCertificate: undefined,
    sni: "",
    workload: { namespace: "foo", name: "", labels: new Map() },
    metadata: new Map(),
    requestId: "",
    ...changes,
  };
}

export const tcp: Partial<RequestModel> = { protocol: "tcp", method: "", path: "", scheme: "", host: undefined };

export interface RawRule {
  readonly from?: Rule["from"];
  readonly to?: Rule["to"];
  readonly when?: Rule["when"];
}

export function policy(
  action: PolicyAction,
  rules: readonly RawRule[] | undefined,
  changes: Partial<AuthorizationPolicy> = {},
): AuthorizationPolicy {
  return {
    kind: "AuthorizationPolicy",
    namespace: "foo",
    name: action.toLowerCase(),
    target: { matchLabels: new Map(), targetRefs: [] },
    shadow: false,
    file: "test.yaml",
    line: 1,
    action,
    rules: rules?.map(({ from, to, when = [] }) => ({ from, to, when })),
    provider: undefined,
    ...changes,
  };
}

export function decide(
  policies: readonly AuthorizationPolicy[],
  changes: Partial<RequestModel> = {},
  payload?: JsonObject,
  settings: Partial<MeshSettings> = {},
): Verdict {
  return authorize(compileAuthorization(policies, { ...mesh, ...settings }), request(changes), payload);
}

/** Whether an ALLOW policy of this one rule lets the request through. */
export function ruleMatches(rule: RawRule, changes: Partial<RequestModel> = {}, payload?: JsonObject): boolean {
  return decide([policy("ALLOW", [rule])], changes, payload).effect === "allow";
}
