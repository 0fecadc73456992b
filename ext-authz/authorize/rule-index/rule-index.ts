/**
 * Why an index: a decision must not cost more because of policies that cannot apply to it.
 * The workload chooses the plan (`resources/selection.ts`); inside a plan the rules of one action are a tree. Each branch
 * asks one question (the host, the method, the path, a principal, a header …), the one that best tells its rules apart;
 * rules that leave the question open are all under `rest`. What a leaf holds is then tried by the real test, so the
 * index only ever leaves out what cannot match: index ≡ linear scan, which the tests hold it to.
 * In: rules in canonical order. Out: the first that matches, or all. Pure; built at load, bounded by the rules' own size.
 */
import type { MeshSettings } from "../../config/settings.ts";
import type { Facts } from "../facts.ts";
import { type CompiledRule, ruleMatches } from "../rule.ts";
import { type Dimension, dimensionOf } from "./dimension.ts";
import { type Entry, entriesOf } from "./entry.ts";
import { type PatternKey, type PatternMap, patternMap, visitMatches } from "./pattern-map.ts";

export interface RuleIndex {
  /** In canonical order, which says whose name a verdict bears. */
  readonly rules: readonly CompiledRule[];
  readonly root: Node;
}

interface Node {
  /** Positions in `rules`, ascending; none where there is a branch. */
  readonly leaf: readonly number[];
  readonly branch: Branch | undefined;
}

interface Branch {
  readonly dimension: Dimension;
  readonly fits: PatternMap<Node>;
  /** Rules that the question does not concern. */
  readonly rest: Node;
}

/** Fewer rules than this are tried one by one: asking would cost more. */
const LEAF = 8;
/** A question is worth it if it leaves at most this share of the rules to try. */
const WORTH = 0.9;
/** How often a rule may be filed on average, by the product of its values for several questions. */
const COPIES = 16;

export function indexRules(
  rules: readonly CompiledRule[],
  mesh: Pick<MeshSettings, "trustDomain" | "trustDomainAliases">,
): RuleIndex {
  const dimensions = new Map<string, Dimension>();
  const find = (field: string): Dimension | undefined => {
    const found = dimensionOf(field, mesh);
    if (found === undefined) return undefined;
    const known = dimensions.get(found.name);
    if (known === undefined) dimensions.set(found.name, found);
    return known ?? found;
  };
  const entries = rules.flatMap((rule, position) => entriesOf(rule, position, find));
  const values = entries.reduce((sum, { keys }) => sum + [...keys.values()].reduce((n, list) => n + list.length, 0), 0);
  return { rules, root: grow(entries, [], { filings: values + COPIES * entries.length }) };
}

function grow(entries: readonly Entry[], asked: readonly Dimension[], budget: { filings: number }): Node {
  const best = entries.length <= LEAF ? undefined : bestQuestion(entries, asked);
  if (best === undefined || best.filings > budget.filings) {
    return { leaf: [...new Set(entries.map(({ rule }) => rule))], branch: undefined };
  }
  budget.filings -= best.filings;
  const { dimension } = best;
  const now = [...asked, dimension];
  const buckets = new Map<PatternKey, Entry[]>();
  const rest: Entry[] = [];
  for (const entry of entries) {
    const keys = entry.keys.get(dimension);
    if (keys === undefined) rest.push(entry);
    else for (const key of keys) fileUnder(buckets, key, entry);
  }
  const children = new Map([...buckets].map(([key, bucket]) => [key, grow(bucket, now, budget)]));
  return { leaf: [], branch: { dimension, fits: patternMap(children), rest: grow(rest, now, budget) } };
}

/** The question after which the fewest rules are left to try: those it leaves open, and the mean bucket of the others. */
function bestQuestion(
  entries: readonly Entry[],
  asked: readonly Dimension[],
): { readonly dimension: Dimension; readonly filings: number } | undefined {
  const tallies = new Map<Dimension, { concerned: number; filings: number; sizes: Map<PatternKey, number> }>();
  for (const { keys } of entries) {
    for (const [dimension, list] of keys) {
      if (asked.includes(dimension)) continue;
      const tally = tallies.get(dimension) ?? { concerned: 0, filings: 0, sizes: new Map() };
      tallies.set(dimension, tally);
      tally.concerned++;
      tally.filings += list.length;
      for (const key of list) tally.sizes.set(key, (tally.sizes.get(key) ?? 0) + 1);
    }
  }
  let best: { dimension: Dimension; filings: number } | undefined;
  let least = WORTH * entries.length;
  for (const [dimension, { concerned, filings, sizes }] of tallies) {
    let squares = 0;
    for (const size of sizes.values()) squares += size * size;
    const left = entries.length - concerned + squares / filings;
    if (left > least) continue;
    least = left;
    best = { dimension, filings };
  }
  return best;
}

function fileUnder(buckets: Map<PatternKey, Entry[]>, key: PatternKey, entry: Entry): void {
  const bucket = buckets.get(key);
  if (bucket === undefined) buckets.set(key, [entry]);
  else bucket.push(entry);
}

export function firstMatch({ rules, root }: RuleIndex, facts: Facts): CompiledRule | undefined {
  // No question to ask: the rules are tried in their order.
  if (root.branch === undefined) {
    for (const rule of rules) if (ruleMatches(rule, facts)) return rule;
    return undefined;
  }
  let first = rules.length;
  visitLeaves(root, facts, (leaf) => {
    for (const position of leaf) {
      if (position >= first) return;
      const rule = rules[position];
      if (rule !== undefined && ruleMatches(rule, facts)) first = position;
    }
  });
  return rules[first];
}

/** In canonical order. */
export function allMatches({ rules, root }: RuleIndex, facts: Facts): readonly CompiledRule[] {
  if (rules.length === 0) return rules;
  const candidates = new Set<number>();
  visitLeaves(root, facts, (leaf) => {
    for (const position of leaf) candidates.add(position);
  });
  return [...candidates]
    .sort((a, b) => a - b)
    .flatMap((position) => rules[position] ?? [])
    .filter((rule) => ruleMatches(rule, facts));
}

function visitLeaves({ leaf, branch }: Node, facts: Facts, visit: (leaf: readonly number[]) => void): void {
  if (branch === undefined) {
    visit(leaf);
    return;
  }
  const { dimension, fits, rest } = branch;
  const texts = dimension.textsOf(facts);
  // A hostile header or claim may say one thing a thousand times.
  for (const text of texts.length > 1 ? new Set(texts) : texts) {
    visitMatches(fits, text, (node) => visitLeaves(node, facts, visit));
  }
  visitLeaves(rest, facts, visit);
}
