/**
 * In: a compiled rule. Out: where it may be filed: for each of its operations, and for each dimension, the keys of which one
 * must fit before the rule can match there. Pure, at load.
 */
import type { Clause, CompiledRule } from "../rule.ts";
import type { Dimension } from "./dimension.ts";
import type { PatternKey } from "./pattern-map.ts";

/** One operation of one rule, with all that the rule asks besides. */
export interface Entry {
  /** Position of the rule in the index. */
  readonly rule: number;
  /** A dimension that is missing says nothing: the rule may match any text of it. */
  readonly keys: ReadonlyMap<Dimension, readonly PatternKey[]>;
}

export type FindDimension = (field: string) => Dimension | undefined;

type Keys = Map<Dimension, readonly PatternKey[]>;

export function entriesOf(rule: CompiledRule, position: number, find: FindDimension): readonly Entry[] {
  const operations = rule.operations.length === 0 ? [[]] : rule.operations;
  const common = eitherOf(rule.sources.map((clauses) => allOf(clauses, find)));
  for (const [dimension, keys] of allOf(rule.conditions, find)) narrow(common, dimension, keys);
  return operations.map((clauses) => {
    const keys = allOf(clauses, find);
    for (const [dimension, more] of common) narrow(keys, dimension, more);
    return { rule: position, keys };
  });
}

/** All clauses must hold, so any one of them may speak for its dimension. */
function allOf(clauses: readonly Clause[], find: FindDimension): Keys {
  const all: Keys = new Map();
  for (const { field, operands, negated } of clauses) {
    const dimension = negated ? undefined : find(field);
    const keys = dimension === undefined ? undefined : keysOf(dimension, operands);
    if (dimension !== undefined && keys !== undefined) narrow(all, dimension, keys);
  }
  return all;
}

/** One alternative must hold: a dimension counts only if each alternative has keys for it. */
function eitherOf(alternatives: readonly Keys[]): Keys {
  const [first, ...others] = alternatives;
  const common: Keys = new Map();
  for (const dimension of first?.keys() ?? []) {
    const lists = alternatives.map((keys) => keys.get(dimension));
    if (others.length === 0 || !lists.includes(undefined)) common.set(dimension, distinct(lists));
  }
  return common;
}

function narrow(keys: Keys, dimension: Dimension, more: readonly PatternKey[]): void {
  const known = keys.get(dimension);
  if (known === undefined || more.length < known.length) keys.set(dimension, more);
}

function keysOf(dimension: Dimension, operands: readonly string[]): readonly PatternKey[] | undefined {
  const lists = operands.map(dimension.keysOf);
  return lists.includes(undefined) ? undefined : distinct(lists);
}

function distinct(lists: readonly (readonly PatternKey[] | undefined)[]): readonly PatternKey[] {
  return [...new Set(lists.flatMap((keys) => keys ?? []))];
}
