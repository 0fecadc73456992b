/** Lint rules about ALLOW rules that let more people in than they seem to. */
import type { Rule } from "../resources/resource.ts";
import type { LintInput, LintRule, RawFinding } from "./rule.ts";
import { writtenValues } from "./written-value.ts";

function eachAllowRule(check: (rule: Rule) => Pick<RawFinding, "message" | "fix"> | undefined) {
  return ({ policies }: LintInput): readonly RawFinding[] =>
    policies
      .filter(({ action }) => action === "ALLOW")
      .flatMap((policy) =>
        (policy.rules ?? []).flatMap((rule, index) => {
          const found = check(rule);
          return found === undefined ? [] : [{ resource: policy, path: ["spec", "rules", index], ...found }];
        }),
      );
}

/** Says something of who asks. Headers do not: the client writes them. */
function isIdentityKey(key: string): boolean {
  return key.startsWith("source.") || key.startsWith("request.auth.") || key === "remote.ip";
}

function asksWho(rule: Rule): boolean {
  return rule.from !== undefined || rule.when.some(({ key }) => isIdentityKey(key));
}

function asksHeader(rule: Rule): boolean {
  return rule.when.some(({ key }) => key.startsWith("request.headers"));
}

const ANY: Readonly<Record<string, readonly string[]>> = {
  paths: ["*", "/*", "/{**}"],
  methods: ["*"],
  hosts: ["*"],
};

/** Some operation of the rule narrows nothing down. */
function isAnyOperation({ to }: Rule): boolean {
  if (to === undefined) return true;
  return to.some((operation) =>
    Object.entries(operation).every(([field, values]) => values.some((value) => ANY[field]?.includes(value) ?? false)),
  );
}

export const breadthRules: readonly LintRule[] = [
  {
    id: "allow-everything",
    why: "everybody may do everything, with or without a token, from anywhere",
    check: eachAllowRule((rule) => {
      if (rule.when.length > 0 || asksWho(rule) || !isAnyOperation(rule)) return undefined;
      return { message: "allows every request of everybody", fix: "add `from`, and the paths that are meant" };
    }),
  },
  {
    id: "allow-without-from",
    why: "an ALLOW that does not ask who it is allows everybody who reaches the port",
    check: eachAllowRule((rule) => {
      if (asksWho(rule) || asksHeader(rule) || (rule.when.length === 0 && isAnyOperation(rule))) return undefined;
      return { message: "does not ask who the caller is", fix: "add `from` with principals or requestPrincipals" };
    }),
  },
  {
    id: "allow-by-client-header",
    why: "a header is the client's to write, unless the proxy in front always sets it",
    check: eachAllowRule((rule) => {
      if (asksWho(rule) || !asksHeader(rule)) return undefined;
      return {
        message: "only a request header stands between anybody and this",
        fix: "ask for a principal or a claim",
      };
    }),
  },
  {
    id: "allow-by-negation",
    why: "negative fields hold when the attribute is absent: a caller without any identity passes",
    check: eachAllowRule((rule) => {
      const open = rule.from?.some((source) => Object.keys(source).every((field) => field.startsWith("not")));
      if (open !== true || rule.when.some(({ key, values }) => isIdentityKey(key) && values !== undefined)) {
        return undefined;
      }
      return {
        message: "a caller without identity passes: a source has negative fields only",
        fix: 'add `principals: ["*"]` or who is meant',
      };
    }),
  },
  {
    id: "allow-any-principal",
    why: "`*` is every workload that has a certificate of the mesh, whoever runs it",
    check: ({ policies }) =>
      policies
        .filter(({ action }) => action === "ALLOW")
        .flatMap((policy) =>
          writtenValues(policy)
            .filter(({ field, negated, value }) => field === "principals" && !negated && value === "*")
            .map(({ path }) => ({
              resource: policy,
              path,
              message: "allows every workload of the mesh",
              fix: "name the principals, or their namespaces",
            })),
        ),
  },
];
