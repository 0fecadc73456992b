/**
 * In: the spec of a RequestAuthentication. Out: the resource, with what Istio refuses or warns of reported. Pure.
 */
import { type Report, under } from "./field-path.ts";
import { jwtRuleSchema, type RawJwtRule, readJwtRule } from "./jwt-rule.ts";
import { type Envelope, refuseDryRun } from "./manifest.ts";
import type { RequestAuthentication } from "./resource.ts";
import { closed, type RawTarget, target } from "./schema.ts";
import { shapeOf } from "./shape.ts";
import { readTarget } from "./target.ts";

const hasShape = shapeOf<RawTarget & { readonly jwtRules?: readonly RawJwtRule[] }>(
  closed({ ...target, jwtRules: { type: "array", maxItems: 4096, items: jwtRuleSchema } }),
);

export function readRequestAuthentication(envelope: Envelope, report: Report): RequestAuthentication | undefined {
  const inSpec = under(report, "spec");
  refuseDryRun(envelope, report);
  const { meta, spec } = envelope;
  if (!hasShape(spec, inSpec)) return undefined;
  return {
    kind: "RequestAuthentication",
    ...meta,
    shadow: false,
    target: readTarget(spec, inSpec),
    jwtRules: (spec.jwtRules ?? []).map((rule, index) => readJwtRule(rule, under(inSpec, "jwtRules", index))),
  };
}
