/**
 * Why a request was decided as it was: layer → policy → rule → clause → the values compared. In: the policies that apply
 * to the workload, the request, the payload of its verified token. Out: a trace as plain data, JSON-safe, bounded, without
 * tokens. Pure. It never decides: the verdict comes from `authorize`, and tests hold the two together.
 */
import type { MeshSettings } from "../config/settings.ts";
import type { JsonObject, Layer, RequestModel } from "../model.ts";
import type { AuthorizationPolicy, PolicyAction } from "../resources/resource.ts";
import { layerOf } from "../resources/select.ts";
import { comparedValues, shown } from "./explain-values.ts";
import { type Facts, gatherFacts } from "./facts.ts";
import { type Clause, compileRule } from "./rule.ts";

export interface ClauseTrace {
  /** As in the policy: `source.notIpBlocks`, `operation.paths`, `request.headers[x-role]`. */
  readonly field: string;
  /** True = none of the operands may match; holds too when the attribute is absent. */
  readonly negated: boolean;
  /** The policy's values, at most 20. */
  readonly operands: readonly string[];
  /** The request's; none = the request has no such attribute. */
  readonly actual: readonly string[];
  readonly holds: boolean;
}

export interface RuleTrace {
  /** Index in `spec.rules`. */
  readonly rule: number;
  readonly matched: boolean;
  /** Why the rule cannot match at all on this protocol; "" when it can. */
  readonly dropped: string;
  /** Any of them must hold in all its clauses; empty = any source. */
  readonly sources: readonly (readonly ClauseTrace[])[];
  readonly operations: readonly (readonly ClauseTrace[])[];
  readonly conditions: readonly ClauseTrace[];
}

export interface PolicyTrace {
  readonly layer: Layer;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly action: PolicyAction;
  /** Dry-run: matched, but never counts. */
  readonly shadow: boolean;
  readonly file: string;
  readonly line: number;
  readonly matched: boolean;
  readonly rules: readonly RuleTrace[];
  /** Rules beyond the first 200 are counted, not shown: they are long, and what matched is always shown. */
  readonly hiddenRules: number;
}

const ORDER: readonly PolicyAction[] = ["CUSTOM", "DENY", "ALLOW", "AUDIT"];
const LAYERS: readonly Layer[] = ["platform", "application", "service"];
const MAX_RULES = 200;

/**
 * @param policies those that apply to the workload (`applies`)
 * @param request as policies see it: after the header changes of authentication
 * @returns in the order in which they are asked: by action, then by layer
 */
export function tracePolicies(
  policies: readonly AuthorizationPolicy[],
  request: RequestModel,
  payload: JsonObject | undefined,
  mesh: MeshSettings,
): readonly PolicyTrace[] {
  const facts = gatherFacts(request, payload);
  const rank = (trace: PolicyTrace) => ORDER.indexOf(trace.action) * LAYERS.length + LAYERS.indexOf(trace.layer);
  return policies.map((policy) => tracePolicy(policy, facts, mesh)).sort((a, b) => rank(a) - rank(b) || byName(a, b));
}

function byName(a: PolicyTrace, b: PolicyTrace): number {
  const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return left < right ? -1 : Number(left > right);
}

function tracePolicy(policy: AuthorizationPolicy, facts: Facts, mesh: MeshSettings): PolicyTrace {
  const { kind, namespace, name, action, shadow, file, line } = policy;
  const layer = layerOf(policy, mesh.rootNamespace);
  const context = { mesh, policyNamespace: namespace };
  const rules = (policy.rules ?? []).map((rule, index): RuleTrace => {
    const ref = { kind, namespace, name, layer, rule: index };
    const compiled = compileRule(rule, ref, action, facts.request.protocol, context);
    if (compiled === undefined) {
      const dropped =
        facts.request.protocol === "tcp"
          ? "uses what a TCP connection does not have, so it cannot allow"
          : "has a value that means nothing, so it cannot allow";
      return { rule: index, matched: false, dropped, sources: [], operations: [], conditions: [] };
    }
    const lists = (alternatives: readonly (readonly Clause[])[]) =>
      alternatives.map((clauses) => clauses.map((clause) => traceClause(clause, facts)));
    const parts = {
      sources: lists(compiled.sources),
      operations: lists(compiled.operations),
      conditions: compiled.conditions.map((clause) => traceClause(clause, facts)),
    };
    return { rule: index, matched: holds(parts), dropped: "", ...parts };
  });
  const kept = rules.length <= MAX_RULES ? rules : rules.filter((rule, index) => index < MAX_RULES || rule.matched);
  const matched = rules.some((rule) => rule.matched);
  const hiddenRules = rules.length - kept.length;
  return { layer, kind, namespace, name, action, shadow, file, line, matched, rules: kept, hiddenRules };
}

function traceClause(clause: Clause, facts: Facts): ClauseTrace {
  const { field, negated, operands } = clause;
  const actual = comparedValues(field, facts);
  return { field, negated, operands: shown(operands), actual, holds: clause.holds(facts) };
}

type Parts = Pick<RuleTrace, "sources" | "operations" | "conditions">;

function holds({ sources, operations, conditions }: Parts): boolean {
  const every = (clauses: readonly ClauseTrace[]) => clauses.every((clause) => clause.holds);
  const any = (lists: Parts["sources"]) => lists.length === 0 || lists.some(every);
  return any(operations) && every(conditions) && any(sources);
}
