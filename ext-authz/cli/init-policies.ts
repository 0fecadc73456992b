/** The first policies of a new folder: as an operator would write them, to be changed. In: answers. Out: file → text. Pure. */
import { stringify } from "yaml";
import type { Answers } from "./init-answers.ts";

/** What the internal tokens say of themselves. */
export const INSIDE = { issuer: "https://edge.internal.example", audience: "https://inside.internal.example" };
/** Namespaces: where clients come in, and where the service is. */
export const NAMESPACES = { edge: "edge", service: "apps" };

const HEAD = "# Yours to change; `npx countersign lint` and `npx countersign check` say what it comes to.\n";

/** @param jwks where zones further in find the keys of the internal tokens. */
export function policyFiles(answers: Answers, jwks: string): ReadonlyMap<string, string> {
  return new Map([
    ["policies/platform.yaml", text("What holds everywhere, whatever the others say.", [tokenRequired()])],
    ["policies/edge.yaml", text("Who the clients are, and what they may ask.", edge(answers))],
    ["policies/apps.yaml", text("The service: only what the edge let in.", apps(jwks))],
  ]);
}

function security(kind: string, namespace: string, name: string, spec: object): object {
  return { apiVersion: "security.istio.io/v1", kind, metadata: { name, namespace }, spec };
}

/** A lock: no policy of an application or a service can waive it. */
function tokenRequired(): object {
  return {
    apiVersion: "countersign.dev/v1alpha1",
    kind: "AccessPolicy",
    metadata: { name: "token-required", namespace: "istio-system" },
    spec: { action: "REQUIRE", cel: "has(request.auth)" },
  };
}

function edge({ issuer, audience }: Answers): readonly object[] {
  const rule = {
    from: [{ source: { requestPrincipals: [`${issuer}/*`] } }],
    to: [{ operation: { methods: ["GET"], paths: ["/api/*"] } }],
  };
  return [
    security("RequestAuthentication", NAMESPACES.edge, "clients", { jwtRules: [{ issuer, audiences: [audience] }] }),
    security("AuthorizationPolicy", NAMESPACES.edge, "clients-may-read", { action: "ALLOW", rules: [rule] }),
    internalToken(),
  ];
}

function internalToken(): object {
  return {
    apiVersion: "countersign.dev/v1alpha1",
    kind: "InternalToken",
    metadata: { name: "inside", namespace: NAMESPACES.edge },
    spec: { audience: INSIDE.audience, lifetime: "60s" },
  };
}

function apps(jwksUri: string): readonly object[] {
  const jwtRule = {
    issuer: INSIDE.issuer,
    audiences: [INSIDE.audience],
    jwksUri,
    fromHeaders: [{ name: "txn-token" }],
  };
  const rule = {
    from: [{ source: { requestPrincipals: [`${INSIDE.issuer}/*`] } }],
    to: [{ operation: { methods: ["GET"] } }],
  };
  return [
    security("RequestAuthentication", NAMESPACES.service, "inside", { jwtRules: [jwtRule] }),
    security("AuthorizationPolicy", NAMESPACES.service, "readers", {
      selector: { matchLabels: { app: "service" } },
      action: "ALLOW",
      rules: [rule],
    }),
  ];
}

function text(title: string, resources: readonly object[]): string {
  return `# ${title}\n${HEAD}${resources.map((resource) => stringify(resource, { lineWidth: 0 })).join("---\n")}`;
}
