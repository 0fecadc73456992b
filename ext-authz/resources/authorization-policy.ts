/**
 * In: the spec of an AuthorizationPolicy. Out: the policy, with what Istio refuses or warns of reported. Pure.
 * Source: istio.io AuthorizationPolicy reference, Istio's admission validation, the CustomResourceDefinition's limits.
 */
import { checkRule, isHttpOnlyDeny, type RawRule, ruleSchema } from "./authorization-rule.ts";
import { type Report, under } from "./field-path.ts";
import type { Envelope } from "./manifest.ts";
import type { AuthorizationPolicy, PolicyAction, Rule } from "./resource.ts";
import { closed, type RawTarget, target } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { readTarget } from "./target.ts";

type Strings = readonly string[];

interface RawPolicy extends RawTarget {
  readonly action?: PolicyAction;
  readonly provider?: { readonly name?: string };
  readonly rules?: readonly RawRule[];
}

const hasShape = shapeOf<RawPolicy>(
  closed({
    ...target,
    action: { enum: ["ALLOW", "DENY", "AUDIT", "CUSTOM"] },
    provider: closed({ name: { type: "string" } }),
    rules: { type: "array", maxItems: 512, items: ruleSchema },
  }),
);

/** Go's `strconv.ParseBool`. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);

export function readAuthorizationPolicy(envelope: Envelope, report: Report): AuthorizationPolicy | undefined {
  const { meta, spec } = envelope;
  const inSpec = under(report, "spec");
  if (!hasShape(spec, inSpec)) return undefined;
  const action = spec.action ?? "ALLOW";
  const rules = spec.rules;
  if ((action === "DENY" || action === "CUSTOM") && (rules === undefined || rules.length === 0)) {
    inSpec(["rules"], `${action} without rules never does anything`, "an empty rule `{}` matches every request");
  }
  checkProvider(spec, action, inSpec);
  for (const [index, raw] of (rules ?? []).entries()) {
    checkRule(raw, action, under(inSpec, "rules", index));
    if (action === "DENY" && isHttpOnlyDeny(raw)) {
      const message = "denies all traffic on TCP ports too, since it uses only HTTP attributes";
      inSpec(["rules", index], message, "name the ports", "warning");
    }
  }
  return {
    kind: "AuthorizationPolicy",
    ...meta,
    shadow: isDryRun(envelope, action, report),
    target: readTarget(spec, inSpec),
    action,
    rules: rules?.map(toRule),
    provider: spec.provider?.name,
  };
}

function checkProvider({ provider }: RawPolicy, action: PolicyAction, report: Report): void {
  if (action !== "CUSTOM") {
    if (provider !== undefined) report(["provider"], "a provider is only for the action CUSTOM");
  } else if (provider?.name === undefined || provider.name === "") {
    report(["provider"], "CUSTOM needs the name of an extension provider", "provider: { name: … }");
  }
}

function isDryRun({ dryRun }: Envelope, action: PolicyAction, report: Report): boolean {
  if (dryRun === undefined) return false;
  const path = ["metadata", "annotations", "istio.io/dry-run"];
  if (action !== "ALLOW" && action !== "DENY") report(path, `dry-run is only for ALLOW and DENY, not for ${action}`);
  const value = BOOLEANS.get(dryRun);
  if (value === undefined) report(path, `\`${dryRun}\` is no boolean`, 'write "true" or "false"');
  return value ?? false;
}

function toRule(raw: RawRule): Rule {
  return {
    from: raw.from?.map((from) => written(from.source)),
    to: raw.to?.map((to) => written(to.operation)),
    when: (raw.when ?? []).map(({ key, values = [], notValues = [] }) => ({ key, ...written({ values, notValues }) })),
  };
}

/** An empty list is a list that is not written (proto3 JSON). */
function written<F extends string>(fields: { readonly [field in F]?: Strings }): { readonly [field in F]?: Strings } {
  const kept: { [field in F]?: Strings } = { ...fields };
  for (const name in kept) if (kept[name]?.length === 0) delete kept[name];
  return kept;
}
