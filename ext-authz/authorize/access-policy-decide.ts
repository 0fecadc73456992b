/**
 * What AccessPolicies say about one request. In: their plan and the circumstances. Out: the policy that decides, if any.
 * Pure. Here an error gets its meaning: it refuses, whatever the action.
 */
import type { Layer, PolicyRef, ShadowVerdict } from "../model.ts";
import type { AccessTest } from "./access-policy.ts";
import type { Circumstances } from "./access-policy-circumstances.ts";
import type { AccessPlan } from "./access-policy-plan.ts";

/** The first lock that does not surely hold. */
export function unmetRequirement(
  plan: Pick<AccessPlan, "require">,
  circumstances: Circumstances,
  layer?: Layer,
): PolicyRef | undefined {
  if (plan.require.length === 0) return undefined;
  const asked = layer === undefined ? plan.require : plan.require.filter(({ ref }) => ref.layer === layer);
  return asked.find((test) => !surely(test, circumstances))?.ref;
}

/** The first DENY that cannot be ruled out. */
export function matchedDeny({ deny }: Pick<AccessPlan, "deny">, circumstances: Circumstances): PolicyRef | undefined {
  if (deny.length === 0) return undefined;
  return deny.find((test) => !surelyNot(test, circumstances))?.ref;
}

/** The first ALLOW that surely matches, of one layer if one is named. */
export function matchedAllow(
  { allow }: Pick<AccessPlan, "allow">,
  circumstances: Circumstances,
  layer?: Layer,
): PolicyRef | undefined {
  if (allow.length === 0) return undefined;
  return allow.find((test) => (layer === undefined || test.ref.layer === layer) && surely(test, circumstances))?.ref;
}

const NO_SHADOW: readonly ShadowVerdict[] = [];

/** What shadow policies would have done. @param allowed whether some enforced ALLOW matches */
export function accessShadow(
  { shadow }: AccessPlan,
  circumstances: Circumstances,
  allowed: boolean,
): readonly ShadowVerdict[] {
  const { require, deny, allow, refusing } = shadow;
  if (require.length + deny.length + allow.length === 0 && refusing === undefined) return NO_SHADOW;
  const verdict = (action: ShadowVerdict["action"], tests: readonly AccessTest[]) =>
    tests.map(({ ref }): ShadowVerdict => ({ policy: ref, action }));
  const unmet = shadow.require.filter((test) => !surely(test, circumstances));
  const denied = shadow.deny.filter((test) => !surelyNot(test, circumstances));
  const matched = shadow.allow.filter((test) => surely(test, circumstances));
  const left: readonly ShadowVerdict[] =
    refusing !== undefined && matched.length === 0 && !allowed ? [{ policy: refusing, action: "DENY" }] : [];
  return [...verdict("DENY", unmet), ...verdict("DENY", denied), ...verdict("ALLOW", matched), ...left];
}

function surely({ judge }: AccessTest, circumstances: Circumstances): boolean {
  const judged = judge(circumstances);
  return judged.ok && judged.value;
}

function surelyNot({ judge }: AccessTest, circumstances: Circumstances): boolean {
  const judged = judge(circumstances);
  return judged.ok && !judged.value;
}
