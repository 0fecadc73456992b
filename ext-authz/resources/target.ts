/**
 * In: `selector`, `targetRef` and `targetRefs` of a spec. Out: the target, with what Istio refuses reported. Pure.
 * Source: Istio `validateWorkloadSelector`, `validatePolicyTargetReference`, `validateOneOfSelectorType`.
 */
import type { Report } from "./field-path.ts";
import type { Target } from "./resource.ts";
import type { RawSelector, RawTarget, RawTargetRef } from "./schema.ts";

const ATTACHABLE: ReadonlySet<string> = new Set([
  "core/Service",
  "networking.istio.io/ServiceEntry",
  "gateway.networking.k8s.io/Gateway",
  "gateway.networking.k8s.io/GatewayClass",
]);

export function readTarget(spec: RawTarget, report: Report): Target {
  const { selector, targetRef, targetRefs = [] } = spec;
  const ways = [selector, targetRef, targetRefs.length > 0 ? targetRefs : undefined].filter((way) => way !== undefined);
  if (ways.length > 1) report([], "only one of `selector`, `targetRef` and `targetRefs` may be set");
  if (selector !== undefined) checkSelector(selector, report);
  if (targetRef !== undefined) checkTargetRef(targetRef, (_, ...rest) => report(["targetRef"], ...rest));
  for (const [index, ref] of targetRefs.entries()) {
    checkTargetRef(ref, (_, ...rest) => report(["targetRefs", index], ...rest));
  }
  return {
    matchLabels: new Map(Object.entries(selector?.matchLabels ?? {})),
    targetRefs: [...(targetRef === undefined ? [] : [targetRef]), ...targetRefs].map((ref) => ({
      group: ref.group ?? "",
      kind: ref.kind,
      name: ref.name,
      namespace: ref.namespace ?? "",
    })),
  };
}

export function checkSelector(selector: RawSelector, report: Report): void {
  const labels = Object.entries(selector.matchLabels ?? {});
  if (labels.length === 0) {
    report(["selector"], "the selector has no labels and so selects every workload", "leave it out", "warning");
  }
  for (const [key, value] of labels) {
    const path = ["selector", "matchLabels", key];
    if (key === "") report(path, "a label must have a name");
    if (key.includes("*") || value.includes("*")) report(path, "wildcards are not supported in selectors");
  }
}

function checkTargetRef(ref: RawTargetRef, report: Report): void {
  if (ref.namespace !== undefined && ref.namespace !== "") {
    report([], "`namespace` must not be set: a policy only attaches to resources of its own namespace");
  }
  const group = ref.group === undefined || ref.group === "" ? "core" : ref.group;
  if (!ATTACHABLE.has(`${group}/${ref.kind}`)) {
    report([], `a policy cannot attach to ${group}/${ref.kind}`, `known: ${[...ATTACHABLE].join(", ")}`);
  }
}
