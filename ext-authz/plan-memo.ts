/** Plans that were compiled, the oldest forgotten first: bounded in number and in what they hold together. Pure but for that. */
export interface PlanMemo<T> {
  get(key: string): T | undefined;
  /** For a key that `get` does not know. @param weight what the plan holds, in resources */
  set(key: string, plan: T, weight: number): void;
}

/** The newest plan is kept whatever it weighs. */
export function planMemo<T>(limits: { readonly plans: number; readonly weight: number }): PlanMemo<T> {
  const plans = new Map<string, { readonly plan: T; readonly weight: number }>();
  let held = 0;
  return {
    get: (key) => plans.get(key)?.plan,
    set(key, plan, weight) {
      for (const [oldest, { weight: freed }] of plans) {
        if (plans.size < limits.plans && held + weight <= limits.weight) break;
        plans.delete(oldest);
        held -= freed;
      }
      plans.set(key, { plan, weight });
      held += weight;
    },
  };
}
