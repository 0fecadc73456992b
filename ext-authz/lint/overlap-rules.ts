/** Lint rules about rules that meet: never reached, said twice, said against one another. */
import { type ComparableRule, comparableRules, contradicts, covers } from "./cover.ts";
import type { LintInput, LintRule, RawFinding } from "./rule.ts";
import { encloses } from "./scope.ts";

/** Comparisons for one lint rule: some hundred thousand rules would mean ten thousand million of them. */
const MAX_COMPARISONS = 300_000;

interface Pair {
  readonly outer: ComparableRule;
  readonly inner: ComparableRule;
}

/** Pairs in which `outer` takes in all of `inner`, on all of its workloads. Shadow policies and dry-runs take nothing in. */
function enclosing(
  { policies, mesh }: LintInput,
  wanted: (outer: ComparableRule, inner: ComparableRule) => boolean,
): readonly Pair[] {
  const enforced = policies.filter(({ shadow }) => !shadow);
  const rules = new Map<string, ComparableRule[]>();
  for (const policy of enforced) {
    const list = rules.get(policy.namespace) ?? [];
    list.push(...comparableRules(policy));
    rules.set(policy.namespace, list);
  }
  const pairs: Pair[] = [];
  let left = MAX_COMPARISONS;
  for (const [namespace, inners] of rules) {
    const platform = namespace === mesh.rootNamespace ? [] : (rules.get(mesh.rootNamespace) ?? []);
    for (const inner of inners) {
      for (const outer of [...platform, ...inners]) {
        if (outer === inner || !wanted(outer, inner)) continue;
        if (--left < 0) return pairs;
        if (encloses(outer.policy, inner.policy, mesh.rootNamespace) && covers(outer, inner))
          pairs.push({ outer, inner });
      }
    }
  }
  return pairs;
}

function nameOf({ policy, rule }: ComparableRule): string {
  return `${policy.namespace}/${policy.name} rule ${rule}`;
}

function at({ policy, rule }: ComparableRule): Pick<RawFinding, "resource" | "path"> {
  return { resource: policy, path: ["spec", "rules", rule] };
}

function before(a: ComparableRule, b: ComparableRule): boolean {
  const key = ({ policy, rule }: ComparableRule) =>
    `${policy.namespace}/${policy.name}/${String(rule).padStart(6, "0")}`;
  return key(a) < key(b);
}

function firstForEach(pairs: readonly Pair[], tell: (pair: Pair) => RawFinding): readonly RawFinding[] {
  const seen = new Set<ComparableRule>();
  return pairs.flatMap((pair) => {
    if (seen.has(pair.inner)) return [];
    seen.add(pair.inner);
    return [tell(pair)];
  });
}

const denyOverAllow = (outer: ComparableRule, inner: ComparableRule): boolean =>
  outer.policy.action === "DENY" && inner.policy.action === "ALLOW";

function encloseEachOther({ outer, inner }: Pair, root: string): boolean {
  return covers(inner, outer) && encloses(inner.policy, outer.policy, root);
}

export const overlapRules: readonly LintRule[] = [
  {
    id: "unreachable-rule",
    why: "a rule that can never decide is a rule that somebody believes in",
    check: (input) => [
      ...firstForEach(
        enclosing(input, denyOverAllow).filter((pair) => !encloseEachOther(pair, input.mesh.rootNamespace)),
        ({ outer, inner }) => ({
          ...at(inner),
          message: `never allows anything: ${nameOf(outer)} denies all that it allows`,
          fix: "narrow the DENY, or remove this rule",
        }),
      ),
      ...input.policies.flatMap(comparableRules).flatMap((rule) => {
        const found = rule.alternatives.map(contradicts);
        const first = found[0];
        if (first === undefined || found.includes(undefined)) return [];
        const message = `never matches: all values of \`${first.field}\` are ruled out by its negation`;
        return [{ ...at(rule), message, fix: "remove one of the two lists" }];
      }),
    ],
  },
  {
    id: "conflicting-rules",
    why: "two rules that say the opposite about the same requests: the DENY wins, which one of the authors did not mean",
    check: (input) =>
      firstForEach(
        enclosing(input, denyOverAllow).filter((pair) => encloseEachOther(pair, input.mesh.rootNamespace)),
        ({ outer, inner }) => ({
          ...at(inner),
          message: `allows exactly what ${nameOf(outer)} denies`,
          fix: "remove one of them",
        }),
      ),
  },
  {
    id: "shadowed-rule",
    why: "a rule that another one contains changes nothing when it is edited",
    check: (input) => {
      const same = (outer: ComparableRule, inner: ComparableRule) => {
        const { action } = inner.policy;
        return outer.policy.action === action && (action === "ALLOW" || action === "DENY");
      };
      const pairs = enclosing(input, same).filter(
        // Of two that contain one another the later one is told of.
        (pair) => before(pair.outer, pair.inner) || !encloseEachOther(pair, input.mesh.rootNamespace),
      );
      return firstForEach(pairs, ({ outer, inner }) => ({
        ...at(inner),
        message: `adds nothing: ${nameOf(outer)} already covers it`,
        fix: "remove it, or narrow the other rule",
      }));
    },
  },
];
