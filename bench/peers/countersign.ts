/** Our own server, as it ships. In: the issuer's keys, how many policies. Out: its addresses. Effects: one process. */
import { startServer } from "../../examples/demo/server-process.ts";
import type { CheckServer, PolicyCount } from "./check-server.ts";
import { AUDIENCE, ISSUER } from "./issuer.ts";
import { HEADERS, METHOD, PREFIX, ROLE } from "./work.ts";

export const workload = { namespace: "shop", name: "orders", labels: { app: "orders" } };

export async function startCountersign(jwks: string, policies: PolicyCount, folder: string): Promise<CheckServer> {
  const settings = {
    listen: { grpc: "127.0.0.1:0", http: "127.0.0.1:0" },
    workload,
    pathNormalization: "MERGE_SLASHES",
  };
  const server = await startServer(`countersign-${policies}`, settings, lists(resources(jwks, policies)), folder);
  const { child, http, grpc } = server;
  return { name: "countersign", version: "this tree", ...grpc, encodeRawHeaders: true, child, http };
}

/** One file holds not more than some thousands of documents: lists of them. */
function lists(items: readonly object[]): readonly object[] {
  const size = 1000;
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => {
    return { apiVersion: "v1", kind: "List", items: items.slice(n * size, (n + 1) * size) };
  });
}

export function resources(jwks: string, policies: number): readonly object[] {
  const outputClaimToHeaders = HEADERS.map(([header, claim]) => ({ header, claim }));
  return [
    resource("RequestAuthentication", "clients", {
      jwtRules: [{ issuer: ISSUER, audiences: [AUDIENCE], jwks, outputClaimToHeaders, forwardOriginalToken: true }],
    }),
    allow("buyers", `${PREFIX}*`, ROLE),
    ...Array.from({ length: policies - 1 }, (_, n) => allow(`other-${n}`, `/service-${n}/*`, `role-${n}`)),
  ];
}

function allow(name: string, path: string, role: string): object {
  return resource("AuthorizationPolicy", name, {
    // A copy: one object in two places would be written as an alias, which policies may not have.
    selector: { matchLabels: { ...workload.labels } },
    action: "ALLOW",
    rules: [
      {
        from: [{ source: { requestPrincipals: [`${ISSUER}/*`] } }],
        to: [{ operation: { methods: [METHOD], paths: [path] } }],
        when: [{ key: "request.auth.claims[role]", values: [role] }],
      },
    ],
  });
}

function resource(kind: string, name: string, spec: object): object {
  return { apiVersion: "security.istio.io/v1", kind, metadata: { name, namespace: workload.namespace }, spec };
}
