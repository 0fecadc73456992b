/** An explanation as lines for a terminal. Pure. */
import type { ClauseTrace, PolicyTrace, RuleTrace } from "../authorize/explain.ts";
import type { AccessTrace } from "../authorize/explain-access.ts";
import type { Explanation } from "../authorize/explain-decision.ts";
import type { Nearest } from "../authorize/explain-nearest.ts";

export function reportLines(explanation: Explanation): readonly string[] {
  const { effect, reason, detail, policy, workload, policies, accessPolicies, nearest, notSelecting } = explanation;
  const labels = Object.entries(workload.labels).map(([key, value]) => `${key}=${value}`);
  return [
    `${effect.toUpperCase()}  ${reason}${policy === "" ? "" : `  by ${policy}`}${detail === "" ? "" : `  (${detail})`}`,
    `workload  ${workload.namespace}${labels.length === 0 ? "" : `/${labels.join(",")}`}`,
    ...policies.flatMap(policyLines),
    ...accessPolicies.flatMap(accessLines),
    ...(policies.length + accessPolicies.length === 0 ? ["no policy was asked"] : []),
    ...(notSelecting.length === 0 ? [] : ["", "policies that do not apply to this workload:"]),
    ...notSelecting.map((one) => `  ${one.layer.padEnd(11)} ${one.policy} ${one.why}`),
    ...(effect === "deny" && policies.length > 0 ? nearestLines(nearest, reason) : []),
  ];
}

function policyLines(trace: PolicyTrace): readonly string[] {
  const head = `${trace.layer.padEnd(11)} ${trace.action.padEnd(6)} ${trace.namespace}/${trace.name}`;
  const said = trace.matched
    ? "matches"
    : trace.rules.length === 0
      ? "has no rules, so it never matches"
      : "does not match";
  const place = `${trace.file}:${trace.line}`;
  return [
    "",
    `${head}  ${said}${trace.shadow ? "  [shadow: does not count]" : ""}   ${place}`,
    ...trace.rules.flatMap(ruleLines),
    ...(trace.hiddenRules > 0 ? [`  … ${trace.hiddenRules} rules more, none of which matches`] : []),
  ];
}

function accessLines(trace: AccessTrace): readonly string[] {
  const rule = trace.rule < 0 ? "" : `[${trace.rule}]`;
  const head = `${trace.layer.padEnd(11)} ${trace.action.padEnd(7)} ${trace.namespace}/${trace.name}${rule}`;
  const shadow = trace.shadow ? "  [shadow: does not count]" : "";
  const said = trace.says === "error" ? `error, which refuses: ${quote(trace.error)}` : `is ${trace.says}`;
  return [
    "",
    `${head}  AccessPolicy${shadow}   ${trace.file}:${trace.line}`,
    `      ${quote(trace.expression)} ${said}`,
  ];
}

function ruleLines(rule: RuleTrace): readonly string[] {
  const mark = rule.matched ? "✓" : "✗";
  if (rule.dropped !== "") return [`  ${mark} rule ${rule.rule}: ${rule.dropped}`];
  const empty = rule.sources.length + rule.operations.length + rule.conditions.length === 0;
  return [
    `  ${mark} rule ${rule.rule}${empty ? ": matches every request" : ""}`,
    ...alternatives("from", rule.sources),
    ...alternatives("to", rule.operations),
    ...rule.conditions.map((clause) => `      ${clauseText(clause)}`),
  ];
}

function alternatives(word: string, lists: readonly (readonly ClauseTrace[])[]): readonly string[] {
  return lists.flatMap((clauses, index) => [
    ...(lists.length > 1 ? [`    ${index === 0 ? word : `or ${word}`}`] : []),
    ...clauses.map((clause) => `      ${clauseText(clause)}`),
  ]);
}

function clauseText({ field, negated, operands, actual, holds }: ClauseTrace): string {
  const is = actual.length === 0 ? "absent" : actual.map(quote).join(", ");
  return `${holds ? "✓" : "✗"} ${field} ${wanted(field, negated, operands)}; it is ${is}`;
}

function wanted(field: string, negated: boolean, operands: readonly string[]): string {
  const not = negated && !/\.not[A-Z]/.test(field) ? "not in" : "in";
  return `${not} [${operands.map(quote).join(", ")}]`;
}

function nearestLines(nearest: Nearest | undefined, reason: string): readonly string[] {
  if (nearest === undefined) return ["", "no rule of an AuthorizationPolicy could allow this on this workload"];
  const rule = `${nearest.policy} rule ${nearest.rule}`;
  if (nearest.missing.length === 0) return ["", `${rule} would allow; ${reason} stands before it`];
  return ["", `nearest: ${rule} would allow; missing:`, ...nearest.missing.map((clause) => `  ${clauseText(clause)}`)];
}

/** Quoted as JSON: control characters of a hostile path must not reach the terminal. */
function quote(text: string): string {
  return JSON.stringify(text);
}
