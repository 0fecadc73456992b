/**
 * What the rules of a workload's AuthorizationPolicies read, and for which paths. In: compiled rules. Out: reads that any path
 * reaches, those that only some paths reach, and the path patterns. Pure, at load. All requests of one path class get the same
 * answer from every path pattern, so a rule that the path refuses is refused for the whole class: what else it asks counts
 * only where its path fits.
 */
import { isPathTemplate } from "../authorize/path-template.ts";
import type { CompiledRule } from "../authorize/rule.ts";
import type { PatternKey } from "../authorize/rule-index/pattern-map.ts";
import type { Read } from "./read.ts";

export interface RuleReads {
  readonly always: ReadonlySet<Read>;
  /** A key may fit more paths than its pattern. */
  readonly byPath: ReadonlyMap<PatternKey, ReadonlySet<Read>>;
  readonly patterns: ReadonlySet<string>;
}

const PATHS = "operation.paths";

export function ruleReads(rules: Iterable<CompiledRule>): RuleReads {
  const always = new Set<Read>();
  const byPath = new Map<PatternKey, Set<Read>>();
  const patterns = new Set<string>();
  const everywhere = (reads: Iterable<Read>): void => {
    for (const read of reads) always.add(read);
  };
  for (const { sources, operations, conditions } of rules) {
    for (const { reads, operands } of [...sources.flat(), ...operations.flat(), ...conditions]) {
      if (reads.includes("path")) for (const pattern of operands) patterns.add(pattern);
    }
    const common = [...sources.flat(), ...conditions].flatMap(({ reads }) => reads);
    if (operations.length === 0) everywhere(common);
    for (const clauses of operations) {
      const reads = [...common, ...clauses.flatMap((clause) => clause.reads)];
      const keys = clauses.find(({ field }) => field === PATHS)?.operands.map(keyOf);
      if (keys === undefined) everywhere(reads);
      else for (const key of keys) addTo(byPath, key, reads, everywhere);
    }
  }
  return { always, byPath, patterns };
}

function addTo(
  byPath: Map<PatternKey, Set<Read>>,
  key: PatternKey | undefined,
  reads: readonly Read[],
  everywhere: (reads: Iterable<Read>) => void,
): void {
  if (key === undefined) {
    everywhere(reads);
    return;
  }
  const known = byPath.get(key);
  if (known === undefined) byPath.set(key, new Set(reads));
  else for (const read of reads) known.add(read);
}

/** Undefined: any path. */
function keyOf(pattern: string): PatternKey | undefined {
  if (isPathTemplate(pattern)) return `^${pattern.slice(0, pattern.indexOf("{"))}`;
  if (pattern === "*") return undefined;
  if (pattern.startsWith("*")) return `$${pattern.slice(1)}`;
  return pattern.endsWith("*") ? `^${pattern.slice(0, -1)}` : `=${pattern}`;
}
