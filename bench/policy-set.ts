/** Policies as YAML texts, and the request that ten of them concern. Deterministic. */
import type { RequestModel } from "../ext-authz/model.ts";
import { parseIp } from "../ext-authz/request/ip-address.ts";

const NAMESPACE = "shop";

export function theRequest(): RequestModel {
  const address = parseIp("10.0.0.7");
  return {
    protocol: "http",
    method: "GET",
    path: "/orders/17/lines",
    query: "",
    scheme: "https",
    host: "orders.example.com",
    headers: new Map([
      ["x-tenant", ["blue"]],
      ["user-agent", ["bench"]],
    ]),
    source: { address, port: 40_000 },
    destination: { address, port: 8080 },
    remoteAddress: address,
    sourcePrincipal: `cluster.local/ns/${NAMESPACE}/sa/front`,
    peerCertificate: undefined,
    sni: "",
    workload: {
      namespace: NAMESPACE,
      name: "orders",
      labels: new Map([
        ["app", "orders"],
        ["version", "v1"],
      ]),
    },
    metadata: new Map(),
    requestId: "",
  };
}

/** All are looked at until the last one allows. */
export function policiesThatConcern(): readonly string[] {
  const other = 'paths: ["/orders/*"], notMethods: ["GET"]';
  const denying = Array.from({ length: 5 }, (_, i) => policy(`deny-${i}`, "DENY", `{to: [{operation: {${other}}}]}`));
  const narrow = Array.from({ length: 4 }, (_, i) =>
    policy(
      `allow-${i}`,
      "ALLOW",
      `{from: [{source: {namespaces: ["n${i}"]}}], to: [{operation: {paths: ["/orders/{*}/lines"]}}]}`,
    ),
  );
  const allowing = `{from: [{source: {principals: ["cluster.local/ns/${NAMESPACE}/sa/front"]}}], to: [{operation: {methods: ["GET"], paths: ["/orders/*"]}}]}`;
  return [...denying, ...narrow, policy("allow-front", "ALLOW", allowing)];
}

/** Nine of ten select the workload, in the ways in which policies differ; the tenth a neighbour. */
export function foreignPolicies(count: number): readonly string[] {
  return Array.from({ length: Math.max(count, 0) }, (_, i) => {
    const action = i % 3 === 0 ? "DENY" : "ALLOW";
    return policy(`p-${i}`, action, foreignRule(i), i % 10 === 9 ? `neighbour-${i % 97}` : "orders");
  });
}

function foreignRule(i: number): string {
  switch (i % 5) {
    case 0:
      return `{to: [{operation: {methods: ["POST", "PUT"], paths: ["/team-${i}", "/team-${i}/*"]}}]}`;
    case 1:
      return `{to: [{operation: {hosts: ["h${i}.example.com"], paths: ["/api/*"]}}]}`;
    case 2:
      return `{from: [{source: {principals: ["cluster.local/ns/n${i % 50}/sa/s${i}"]}}]}`;
    case 3:
      return `{when: [{key: "request.headers[x-tenant]", values: ["tenant-${i}"]}]}`;
    default:
      return `{from: [{source: {namespaces: ["n${i % 50}"]}}], to: [{operation: {paths: ["/orders/${i}/lines"]}}]}`;
  }
}

function policy(name: string, action: string, rule: string, app = "orders"): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: ${name}
  namespace: ${NAMESPACE}
spec:
  selector:
    matchLabels:
      app: ${app}
  action: ${action}
  rules:
    - ${rule}
`;
}
