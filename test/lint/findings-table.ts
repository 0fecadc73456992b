/** For each lint rule a text that has the finding, at one place, and a text that is free of it. */
import type { MeshSettings } from "../../ext-authz/config/settings.ts";
import { authentication, peers, policy } from "./lint-one.ts";

/** A caller that is named, so that rules about breadth are silent. */
export const FROM = 'from: [{ source: { principals: ["cluster.local/ns/a/sa/b"] } }]';
export const to = (operation: string) => `to: [{ operation: { ${operation} } }]`;
export const allow = (operation: string): string => policy("ALLOW", `[{ ${FROM}, ${to(operation)} }]`);
export const deny = (operation: string) => policy("DENY", `[{ ${to(`${operation}, ports: ["80"]`)} }]`);
const when = (key: string, values: string) => `when: [{ key: "${key}", values: [${values}] }]`;

interface Row {
  readonly id: string;
  readonly found: string;
  /** Text that must be free of it. */
  readonly free: string;
  readonly path: string;
  readonly mesh?: Partial<MeshSettings>;
}

export const rows: readonly Row[] = [
  {
    id: "unreachable-rule",
    found: allow('paths: ["/a/b"]') + deny('paths: ["/a/*", "/a"]').replace(', ports: ["80"]', ""),
    free: allow('paths: ["/a/b", "/c"]') + deny('paths: ["/a/*", "/a"]').replace(', ports: ["80"]', ""),
    path: "spec.rules[0]",
  },
  {
    id: "conflicting-rules",
    found: policy("ALLOW", `[{ ${FROM} }]`) + policy("DENY", `[{ ${FROM} }]`) + peers("STRICT"),
    free: policy("ALLOW", `[{ ${FROM} }]`) + policy("DENY", `[{ ${FROM}, ${to("methods: [PUT]")} }]`) + peers("STRICT"),
    path: "spec.rules[0]",
  },
  {
    id: "shadowed-rule",
    found: policy("ALLOW", `[{ ${FROM}, ${to('paths: ["/a/*"]')} }, { ${FROM}, ${to('paths: ["/a/b"]')} }]`),
    free: policy("ALLOW", `[{ ${FROM}, ${to('paths: ["/a/*"]')} }, { ${FROM}, ${to('paths: ["/b/b"]')} }]`),
    path: "spec.rules[1]",
  },
  {
    id: "allow-everything",
    found: policy("ALLOW", "[{}]"),
    free: policy("ALLOW", `[{ ${FROM} }]`),
    path: "spec.rules[0]",
  },
  {
    id: "allow-everything",
    found: policy("ALLOW", `[{ ${to('paths: ["*"]')} }]`),
    free: policy("ALLOW", `[{ ${to('paths: ["*"], methods: [GET]')} }]`),
    path: "spec.rules[0]",
  },
  {
    id: "allow-without-from",
    found: policy("ALLOW", `[{ ${to('paths: ["/a"]')} }]`),
    free: allow('paths: ["/a"]'),
    path: "spec.rules[0]",
  },
  {
    id: "allow-by-client-header",
    found: policy("ALLOW", `[{ ${when("request.headers[x-internal]", '"yes"')} }]`),
    free: policy("ALLOW", `[{ ${FROM}, ${when("request.headers[x-internal]", '"yes"')} }]`),
    path: "spec.rules[0]",
  },
  {
    id: "allow-by-negation",
    found: policy("ALLOW", '[{ from: [{ source: { notNamespaces: ["evil"] } }] }]'),
    free: policy("ALLOW", '[{ from: [{ source: { notNamespaces: ["evil"], principals: ["cluster.local/*"] } }] }]'),
    path: "spec.rules[0]",
  },
  {
    id: "allow-any-principal",
    found: policy("ALLOW", '[{ from: [{ source: { principals: ["*"] } }] }]'),
    free: policy("DENY", '[{ from: [{ source: { notPrincipals: ["*"] } }] }]'),
    path: "spec.rules[0].from[0].source.principals[0]",
  },
  {
    id: "never-authenticated",
    found: policy("ALLOW", `[{ ${when("request.auth.claims[role]", '"x"')} }]`),
    free: policy("ALLOW", `[{ ${when("request.auth.claims[role]", '"x"')} }]`) + authentication(),
    path: "spec.rules[0].when[0].values",
  },
  {
    id: "never-authenticated",
    found:
      policy("ALLOW", `[{ ${when("request.auth.claims[role]", '"x"')} }]`, { selector: "app: a" }) +
      authentication("https://idp.example", { selector: "app: b" }),
    free:
      policy("ALLOW", `[{ ${when("request.auth.claims[role]", '"x"')} }]`, { selector: "app: a" }) +
      authentication("https://idp.example", { namespace: "istio-system" }),
    path: "spec.rules[0].when[0].values",
  },
  {
    id: "deny-on-unverified-claim",
    found: policy("DENY", `[{ ${when("request.auth.claims[role]", '"x"')} }]`),
    free: policy("DENY", `[{ ${when("request.auth.claims[role]", '"x"')} }]`) + authentication(),
    path: "spec.rules[0].when[0].values",
  },
  {
    id: "request-principal-issuer",
    found:
      policy("ALLOW", '[{ from: [{ source: { requestPrincipals: ["https://ldp.example/*"] } }] }]') + authentication(),
    free:
      policy("ALLOW", '[{ from: [{ source: { requestPrincipals: ["https://idp.example/*"] } }] }]') + authentication(),
    path: "spec.rules[0].from[0].source.requestPrincipals[0]",
  },
  {
    id: "principal-scheme",
    found: policy("ALLOW", '[{ from: [{ source: { principals: ["spiffe://cluster.local/ns/a/sa/b"] } }] }]'),
    free: allow('paths: ["/a"]'),
    path: "spec.rules[0].from[0].source.principals[0]",
  },
  {
    id: "principal-form",
    found: policy("ALLOW", '[{ from: [{ source: { principals: ["cluster.local/sa/b"] } }] }]'),
    free: allow('paths: ["/a"]'),
    path: "spec.rules[0].from[0].source.principals[0]",
  },
  {
    id: "principal-trust-domain",
    found: policy("ALLOW", '[{ from: [{ source: { principals: ["old.example/ns/a/sa/b"] } }] }]'),
    free: policy("ALLOW", '[{ from: [{ source: { principals: ["new.example/ns/a/sa/b"] } }] }]'),
    path: "spec.rules[0].from[0].source.principals[0]",
    mesh: { trustDomainAliases: ["new.example"] },
  },
  {
    id: "deny-without-strict-mtls",
    found: policy("DENY", '[{ from: [{ source: { namespaces: ["evil"] } }] }]') + peers("PERMISSIVE"),
    free:
      policy("DENY", '[{ from: [{ source: { namespaces: ["evil"] } }] }]') +
      peers("STRICT", { namespace: "istio-system" }),
    path: "spec.rules[0].from[0].source.namespaces",
  },
  {
    id: "path-without-subtree",
    found: deny('paths: ["/admin"]'),
    free:
      deny('paths: ["/admin", "/admin/*"]') +
      deny('paths: ["/robots.txt", "/pkg.Service/Method"]') +
      allow('paths: ["/admin"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
  },
  {
    id: "path-without-subtree",
    found: policy("ALLOW", `[{ ${FROM}, ${to('notPaths: ["/admin"]')} }]`),
    free: policy("ALLOW", `[{ ${FROM}, ${to('notPaths: ["/admin*"]')} }]`),
    path: "spec.rules[0].to[0].operation.notPaths[0]",
  },
  {
    id: "path-without-root",
    found: deny('paths: ["/admin/*"]'),
    free: deny('paths: ["/admin/*", "/admin"]') + deny('paths: ["/*"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
  },
  {
    id: "path-prefix-without-slash",
    found: allow('paths: ["/api*"]'),
    free: allow('paths: ["/api", "/api/*"]') + deny('paths: ["/api*"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
  },
  {
    id: "path-with-query",
    found: allow('paths: ["/a?x=1"]'),
    free: allow('paths: ["/a"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
  },
  {
    id: "path-never-matches",
    found: allow('paths: ["a/b"]'),
    free: allow('paths: ["/a/b", "*"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
  },
  {
    id: "path-never-matches",
    found: allow('paths: ["/a/../b"]'),
    free: allow('paths: ["/a//b"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
  },
  {
    id: "path-never-matches",
    found: allow('paths: ["/%61/*"]'),
    free: allow('paths: ["/%2F/*"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
  },
  {
    id: "deny-template-dodged",
    found: deny('paths: ["/admin/{*}"]'),
    free: allow('paths: ["/admin/{*}"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
  },
  {
    id: "deny-path-not-normalized",
    found: deny('paths: ["/admin", "/admin/*"]'),
    free: allow('paths: ["/admin"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
    mesh: { strict: false },
  },
  {
    id: "wildcard-inside",
    found: allow('paths: ["/a/*/b"]'),
    free: allow('paths: ["/a/{*}/b"]'),
    path: "spec.rules[0].to[0].operation.paths[0]",
  },
  {
    id: "method-case",
    found: allow("methods: [get]"),
    free: allow("methods: [GET]"),
    path: "spec.rules[0].to[0].operation.methods[0]",
  },
  {
    id: "host-without-port",
    found: allow("hosts: [a.example]"),
    free: allow('hosts: [a.example, "a.example:*"]'),
    path: "spec.rules[0].to[0].operation.hosts[0]",
  },
  {
    id: "ip-host-bits",
    found: policy("ALLOW", '[{ from: [{ source: { ipBlocks: ["10.1.2.3/8"] } }] }]'),
    free: policy("ALLOW", '[{ from: [{ source: { ipBlocks: ["10.0.0.0/8", "10.1.2.3", "10.1.2.128/25"] } }] }]'),
    path: "spec.rules[0].from[0].source.ipBlocks[0]",
  },
  {
    id: "claim-not-text",
    found: policy("ALLOW", `[{ ${when("request.auth.claims[email_verified]", '"true"')} }]`) + authentication(),
    free: policy("ALLOW", `[{ ${when("request.auth.claims[role]", '"trueish"')} }]`) + authentication(),
    path: "spec.rules[0].when[0].values[0]",
  },
  {
    id: "request-principal-split",
    found: policy("ALLOW", '[{ from: [{ source: { requestPrincipals: ["https://idp*"] } }] }]'),
    free: policy("ALLOW", '[{ from: [{ source: { requestPrincipals: ["https://idp/*"] } }] }]'),
    path: "spec.rules[0].from[0].source.requestPrincipals[0]",
  },
  {
    id: "peer-authentication-ignored",
    found: peers("STRICT", { namespace: "istio-system", selector: "app: a" }),
    free: peers("STRICT", { namespace: "shop", selector: "app: a" }) + peers("STRICT", { namespace: "istio-system" }),
    path: "spec.selector",
  },
  {
    id: "peer-authentication-ignored",
    found: peers("STRICT") + peers("PERMISSIVE", {}, "other"),
    free: peers("STRICT") + peers("PERMISSIVE", { selector: "app: a" }, "other"),
    path: "metadata.name",
  },
];
