/** Lint rules about identities: who can be meant at all, and whether anybody ever proves it. */
import type { PeerAuthentication } from "../resources/resource.ts";
import type { LintInput, LintRule, RawFinding } from "./rule.ts";
import { canMeet, encloses, type Scoped } from "./scope.ts";
import { isTokenField, PEER_FIELDS, type WrittenList, writtenLists, writtenValues } from "./written-value.ts";

const AUTHENTICATE = "add a RequestAuthentication for the workloads of this policy";

/** Lists about tokens on workloads for which no RequestAuthentication can verify one. */
function unauthenticated({ policies, authentications, mesh }: LintInput): readonly WrittenList[] {
  return policies
    .filter(
      (policy) => !authentications.some((one) => one.jwtRules.length > 0 && canMeet(one, policy, mesh.rootNamespace)),
    )
    .flatMap((policy) => writtenLists(policy).filter(({ field }) => isTokenField(field)));
}

export const identityRules: readonly LintRule[] = [
  {
    id: "never-authenticated",
    why: "without a RequestAuthentication no token is ever looked at, so no claim and no request principal is there",
    check: (input) =>
      unauthenticated(input)
        .filter(({ policy, negated }) => policy.action !== "DENY" || negated)
        .map(({ policy, field, negated, path }) => ({
          resource: policy,
          path,
          message: `${negated ? "always" : "never"} holds: no RequestAuthentication applies, so \`${field}\` is always absent`,
          fix: AUTHENTICATE,
        })),
  },
  {
    id: "deny-on-unverified-claim",
    why: "a DENY that waits for a claim which never comes denies nothing",
    check: (input) =>
      unauthenticated(input)
        .filter(({ policy, negated }) => policy.action === "DENY" && !negated)
        .map(({ policy, field, path }) => ({
          resource: policy,
          path,
          message: `never denies: no RequestAuthentication applies, so \`${field}\` is always absent`,
          fix: AUTHENTICATE,
        })),
  },
  {
    id: "request-principal-issuer",
    why: "a principal of an issuer that nobody accepts is nobody",
    check: ({ policies, authentications, mesh }) =>
      policies.flatMap((policy) => {
        const rules = authentications
          .filter((one) => canMeet(one, policy, mesh.rootNamespace))
          .flatMap(({ jwtRules }) => jwtRules);
        if (rules.length === 0 || rules.some(({ issuer }) => issuer === "")) return [];
        return writtenValues(policy).flatMap(({ field, value, path }) => {
          const issuer = value.slice(0, Math.max(0, value.lastIndexOf("/")));
          if (field !== "requestPrincipals" || issuer === "" || value.startsWith("*")) return [];
          if (rules.some((rule) => rule.issuer === issuer)) return [];
          const known = [...new Set(rules.map((rule) => `\`${rule.issuer}\``))].slice(0, 5).join(", ");
          return [
            {
              resource: policy,
              path,
              message: `no RequestAuthentication accepts \`${issuer}\``,
              fix: `known: ${known}`,
            },
          ];
        });
      }),
  },
  {
    id: "principal-scheme",
    why: "policies name a principal without `spiffe://`; with it nothing matches",
    check: eachPrincipal((value) =>
      value.includes("spiffe://")
        ? { message: `\`${value}\` never matches`, fix: `write \`${value.replace("spiffe://", "")}\`` }
        : undefined,
    ),
  },
  {
    id: "principal-form",
    why: "an identity is `trust-domain/ns/namespace/sa/account`; any other text matches nobody",
    check: eachPrincipal((value) => {
      if (value.startsWith("*") || value.endsWith("*") || value.includes("://")) return undefined;
      if (/^[^/]+\/ns\/[^/]+\/sa\/[^/]+$/.test(value)) return undefined;
      return {
        message: `\`${value}\` is no identity of the mesh`,
        fix: "write `trust-domain/ns/namespace/sa/account`",
      };
    }),
  },
  {
    id: "principal-trust-domain",
    why: "a principal of a trust domain that is not ours and no alias of it has no certificate that we accept",
    check: eachPrincipal((value, { mesh }) => {
      const [domain = "", ns, , sa] = value.split("/");
      if (ns !== "ns" || sa !== "sa" || domain.includes("*")) return undefined;
      const known = ["cluster.local", mesh.trustDomain, ...mesh.trustDomainAliases];
      if (known.some((one) => one === domain || one.includes("*"))) return undefined;
      return {
        message: `the trust domain \`${domain}\` is not known`,
        fix: `known: ${known.join(", ")}; see trustDomainAliases`,
      };
    }),
  },
  {
    id: "deny-without-strict-mtls",
    why: "a caller that speaks plaintext has no identity, so a DENY on identities does not meet it",
    check: ({ policies, peers, mesh }) =>
      policies
        .filter((policy) => policy.action === "DENY" && effectiveMode(policy, peers, mesh.rootNamespace) !== "STRICT")
        .flatMap((policy) =>
          writtenLists(policy)
            .filter(({ field, negated }) => PEER_FIELDS.has(field) && !negated)
            .map(({ field, path }) => ({
              resource: policy,
              path,
              message: `is dodged by plaintext: \`${field}\` is absent without mTLS, and no PeerAuthentication makes it STRICT`,
              fix: "add a PeerAuthentication with mode STRICT, or an ALLOW that names who may",
            })),
        ),
  },
];

function eachPrincipal(check: (value: string, input: LintInput) => Pick<RawFinding, "message" | "fix"> | undefined) {
  return (input: LintInput): readonly RawFinding[] =>
    input.policies.flatMap((policy) =>
      writtenValues(policy).flatMap(({ field, value, path }) => {
        const found = field === "principals" ? check(value, input) : undefined;
        return found === undefined ? [] : [{ resource: policy, path, ...found }];
      }),
    );
}

/** The mode that surely holds for all workloads of `scope` (istio-semantics: workload, namespace, mesh, PERMISSIVE). */
export function effectiveMode(scope: Scoped, peers: readonly PeerAuthentication[], rootNamespace: string) {
  const whole = (namespace: string) =>
    peers.find((one) => one.namespace === namespace && one.target.matchLabels.size === 0 && one.mode !== "UNSET");
  const own = peers.find(
    (one) =>
      one.namespace === scope.namespace &&
      one.namespace !== rootNamespace &&
      one.target.matchLabels.size > 0 &&
      one.mode !== "UNSET" &&
      encloses(one, scope, rootNamespace),
  );
  return (own ?? whole(scope.namespace) ?? whole(rootNamespace))?.mode ?? "PERMISSIVE";
}
