/**
 * The effective policy of a workload: which layers say what, for one operation or for all. In: resources, a workload, and
 * METHOD and path when they are asked for. Out: the rules that can still match, with what they ask of the caller. Pure.
 * What is known of the request (method, path) is decided with the very clauses that decide live; all else stays a condition.
 */
import { gatherFacts } from "../authorize/facts.ts";
import { type Clause, type CompiledRule, compileRule } from "../authorize/rule.ts";
import type { MeshSettings } from "../config/settings.ts";
import type { Layer, RequestModel, Workload } from "../model.ts";
import { normalizePath } from "../request/normalize-path.ts";
import { type AccessAction, type AccessPolicy, isAccessPolicy } from "../resources/access-policy-resource.ts";
import { displayUrl } from "../resources/display-url.ts";
import type { PolicyAction, Resource } from "../resources/resource.ts";
import { applies, layerOf } from "../resources/select.ts";
import { effectiveMode } from "./identity-rules.ts";

export interface EffectiveRule {
  readonly layer: Layer;
  readonly action: PolicyAction | AccessAction;
  /** `namespace/name[rule]`, `namespace/name` for a policy without rules. */
  readonly rule: string;
  readonly shadow: boolean;
  /** Any of these must hold; an empty text = anybody. */
  readonly from: readonly string[];
  /** Any of these, besides method and path; an empty text = nothing more. */
  readonly to: readonly string[];
  /** All of these must hold. */
  readonly when: readonly string[];
}

export interface Effective {
  /** Whose tokens are verified; none = tokens are not looked at. */
  readonly issuers: readonly string[];
  readonly mtls: string;
  /** In the order in which they are asked. */
  readonly rules: readonly EffectiveRule[];
  /** Rules of policies that apply, but not to this operation. */
  readonly otherRules: number;
  /** What becomes of a request that no rule speaks of. */
  readonly otherwise: string;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
}

const ORDER: readonly EffectiveRule["action"][] = ["CUSTOM", "DENY", "REQUIRE", "ALLOW", "AUDIT"];
const LAYERS: readonly Layer[] = ["platform", "application", "service"];

export function effectivePolicy(
  resources: readonly Resource[],
  workload: Workload,
  mesh: MeshSettings,
  operation: Operation | undefined,
): Effective {
  const mine = resources.filter((resource) => applies(resource, workload, mesh.rootNamespace));
  const policies = mine.filter((resource) => resource.kind === "AuthorizationPolicy");
  const known = operation === undefined ? undefined : knownRequest(operation, workload, mesh);
  const compiled = policies.flatMap((policy) =>
    (policy.rules ?? []).flatMap((rule, index) => {
      const { kind, namespace, name, action, shadow } = policy;
      const layer = layerOf(policy, mesh.rootNamespace);
      const ref = { kind, namespace, name, layer, rule: index };
      const one = compileRule(rule, ref, action, "http", { mesh, policyNamespace: namespace });
      return one === undefined ? [] : [{ one, action, shadow }];
    }),
  );
  const written = compiled.flatMap(({ one, action, shadow }) => effectiveRule(one, action, shadow, known) ?? []);
  const access = accessOf(resources).filter((policy) => applies(policy, workload, mesh.rootNamespace));
  const rules = [...written, ...access.flatMap((policy) => accessRules(policy, layerOf(policy, mesh.rootNamespace)))];
  const allowing = [...policies, ...access].filter(({ action, shadow }) => action === "ALLOW" && !shadow).length;
  const rank = (rule: EffectiveRule) => ORDER.indexOf(rule.action) * LAYERS.length + LAYERS.indexOf(rule.layer);
  const peers = resources.filter((resource) => resource.kind === "PeerAuthentication");
  const scope = { namespace: workload.namespace, target: { matchLabels: workload.labels, targetRefs: [] } };
  return {
    issuers: [
      ...new Set(
        mine.flatMap((resource) =>
          resource.kind === "RequestAuthentication"
            ? resource.jwtRules.map(({ issuer }) => issuer || "any issuer")
            : [],
        ),
      ),
    ],
    mtls: effectiveMode(scope, peers, mesh.rootNamespace),
    rules: rules.sort((a, b) => rank(a) - rank(b) || (a.rule < b.rule ? -1 : 1)),
    otherRules: compiled.length - written.length,
    otherwise: otherwise(allowing, mesh.strict),
  };
}

function accessOf(resources: readonly { readonly kind: string }[]): readonly AccessPolicy[] {
  return resources.filter(isAccessPolicy);
}

/** In their own languages method and path cannot be told apart from the rest: the whole expression is the condition. */
function accessRules(policy: AccessPolicy, layer: Layer): readonly EffectiveRule[] {
  const { namespace, name, action, shadow, criterion } = policy;
  const rule = (index: number, text: string): EffectiveRule => {
    const suffix = index < 0 ? "" : `[${index}]`;
    return { layer, action, rule: `${namespace}/${name}${suffix}`, shadow, from: [], to: [], when: [text] };
  };
  switch (criterion.by) {
    case "cel":
      return criterion.rules.map((one, index) => rule(one.name === "" ? -1 : index, JSON.stringify(one.cel)));
    case "rego":
      return [rule(-1, `rego ${criterion.entrypoint}`)];
    case "opa":
      return [rule(-1, `opa ${displayUrl(criterion.url)}`)];
    case "nothing":
      return [];
  }
}

function otherwise(allowing: number, strict: boolean): string {
  if (allowing > 0) return `denied: ${allowing} ALLOW ${allowing === 1 ? "policy applies" : "policies apply"}`;
  return strict ? "denied: no ALLOW policy applies (strict)" : "allowed: no ALLOW policy applies (strict: false)";
}

function effectiveRule(
  { ref, sources, operations, conditions }: CompiledRule,
  action: PolicyAction,
  shadow: boolean,
  known: RequestModel | undefined,
): EffectiveRule | undefined {
  const to = operations.flatMap((clauses) => remaining(clauses, known) ?? []);
  if (operations.length > 0 && to.length === 0) return undefined;
  return {
    layer: ref.layer,
    action,
    rule: `${ref.namespace}/${ref.name}[${ref.rule}]`,
    shadow,
    from: sources.map((clauses) => clauses.map(clauseText).join(" and ")),
    to: [...new Set(to)],
    when: conditions.map(clauseText),
  };
}

const DECIDABLE: ReadonlySet<string> = new Set([
  "operation.methods",
  "operation.notMethods",
  "operation.paths",
  "operation.notPaths",
]);

/** The clauses that the known part leaves open, as text; undefined when it rules the alternative out. */
function remaining(clauses: readonly Clause[], known: RequestModel | undefined): string | undefined {
  if (known === undefined) return clauses.map(clauseText).join(" and ");
  const facts = gatherFacts(known, undefined);
  if (clauses.some((clause) => DECIDABLE.has(clause.field) && !clause.holds(facts))) return undefined;
  return clauses
    .filter(({ field }) => !DECIDABLE.has(field))
    .map(clauseText)
    .join(" and ");
}

const MAX_OPERANDS = 10;

function clauseText({ field, operands, negated }: Clause): string {
  const not = negated && !/\.not[A-Z]/.test(field) ? "not in" : "in";
  const shown = operands.slice(0, MAX_OPERANDS).map((operand) => JSON.stringify(operand));
  const rest = operands.length > shown.length ? `, … ${operands.length - shown.length} more` : "";
  return `${field.replace(/^(source|operation)\./, "")} ${not} [${shown.join(", ")}${rest}]`;
}

function knownRequest({ method, path }: Operation, workload: Workload, mesh: MeshSettings): RequestModel {
  const nowhere = { address: undefined, port: 0 };
  return {
    protocol: "http",
    method,
    ...normalizePath(path, mesh.pathNormalization),
    scheme: "https",
    host: undefined,
    headers: new Map(),
    source: nowhere,
    destination: nowhere,
    remoteAddress: undefined,
    sourcePrincipal: undefined,
    peerCertificate: undefined,
    sni: "",
    workload,
    metadata: new Map(),
    requestId: "",
  };
}

export function effectiveLines(effective: Effective): readonly string[] {
  const { issuers, mtls, rules, otherRules, otherwise: rest } = effective;
  return [
    `tokens      ${issuers.length === 0 ? "none are looked at: no RequestAuthentication applies" : issuers.join(", ")}`,
    `mTLS        ${mtls}`,
    ...rules.flatMap(ruleLines),
    ...(otherRules > 0 ? [`(${otherRules} rules that apply to this workload speak of other operations)`] : []),
    `otherwise   ${rest}`,
  ];
}

function ruleLines({ layer, action, rule, shadow, from, to, when }: EffectiveRule): readonly string[] {
  const asked = [
    ...alternatives("from", from),
    ...alternatives("to", to),
    ...when.map((text) => `              when ${text}`),
  ];
  const always = asked.length === 0 ? "  always" : "";
  return [`${layer.padEnd(11)} ${action.padEnd(6)} ${rule}${shadow ? "  [shadow]" : ""}${always}`, ...asked];
}

function alternatives(word: string, texts: readonly string[]): readonly string[] {
  if (texts.includes("")) return [];
  return texts.map((text, index) => `              ${index === 0 ? word : `or ${word}`} ${text}`);
}
