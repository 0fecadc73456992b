/**
 * Which rules the tests reached. In: all policies and the explanations of all tests. Out: for each rule how often it
 * matched and how often it decided. Pure. A rule that no test matches is one that nobody will miss when it breaks.
 */
import type { Explanation } from "../authorize/explain-decision.ts";
import type { Resource } from "../resources/resource.ts";

export interface RuleCoverage {
  /** `namespace/name[rule]`. */
  readonly rule: string;
  readonly action: string;
  readonly shadow: boolean;
  readonly file: string;
  readonly line: number;
  readonly matched: number;
  /** Never for shadow and AUDIT rules. */
  readonly decided: number;
}

export function coverRules(
  resources: readonly Resource[],
  explanations: readonly Explanation[],
): readonly RuleCoverage[] {
  const matched = new Map<string, number>();
  const decided = new Map<string, number>();
  const count = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const { policy, policies } of explanations) {
    count(decided, policy);
    for (const trace of policies) {
      for (const rule of trace.rules) {
        if (rule.matched) count(matched, `${trace.namespace}/${trace.name}[${rule.rule}]`);
      }
    }
  }
  return resources
    .filter((resource) => resource.kind === "AuthorizationPolicy")
    .flatMap(({ namespace, name, action, shadow, file, line, rules = [] }) =>
      rules.map((_, index) => {
        const rule = `${namespace}/${name}[${index}]`;
        const times = { matched: matched.get(rule) ?? 0, decided: decided.get(rule) ?? 0 };
        return { rule, action, shadow, file, line, ...times };
      }),
    );
}

export function coverageLines(coverage: readonly RuleCoverage[]): readonly string[] {
  const hit = coverage.filter(({ matched }) => matched > 0).length;
  const share = coverage.length === 0 ? 100 : Math.floor((100 * hit) / coverage.length);
  return [
    `rules: ${hit} of ${coverage.length} matched by some test (${share} %)`,
    ...coverage.filter(({ matched }) => matched === 0).map((one) => `  never matched  ${ruleText(one)}`),
    ...coverage.filter(neverDecided).map((one) => `  never decided  ${ruleText(one)}`),
  ];
}

function neverDecided({ matched, decided, shadow, action }: RuleCoverage): boolean {
  return matched > 0 && decided === 0 && !shadow && (action === "ALLOW" || action === "DENY");
}

function ruleText({ rule, action, shadow, file, line }: RuleCoverage): string {
  return `${action.padEnd(6)} ${rule}${shadow ? " [shadow]" : ""}   ${file}:${line}`;
}
