/**
 * What one evaluation may cost: a counter, and the functions by which a metered tree (`meter.ts`) pays into it. Pure but
 * for that counter.
 *
 * Threat: claims and headers come from the client and expressions from other teams; `a.all(x, a.all(y, …))` over a long
 * list, or comparing long lists in a loop, would hold the only thread for seconds. When the budget is spent, every
 * further payment is an error, so the evaluation ends and fails closed.
 */
import {
  type CelFunc,
  type CelInput,
  CelScalar,
  type CelValue,
  celFunc,
  celList,
  isCelList,
  isCelMap,
} from "@bufbuild/cel";

/** A loop turn, a list element or 16 characters is one unit; all of them together took about 50 ms at worst. */
export const EVALUATION_UNITS = 50_000;
const CHARACTERS_PER_UNIT = 16;
/** Parts of an expression that one turn of a loop evaluates. */
const PARTS_PER_UNIT = 8;

export interface Budget {
  refill(units: number): void;
  /** @throws when there is not enough left */
  spend(units: number): void;
  isSpent(): boolean;
  /** Below 0 when spent. */
  left(): number;
}

export function createBudget(): Budget {
  let left = 0;
  return {
    refill(units) {
      left = units;
    },
    spend(units) {
      left -= units;
      if (left < 0) throw new Error("the expression costs too much");
    },
    isSpent: () => left < 0,
    left: () => left,
  };
}

// No identifier can hold an `@`: an expression cannot call these by itself.
export const PAY = "@pay";
export const PAY_MATCH = "@payMatch";
export const TURN = "@turn";
export const APPEND = "@append";

/** The functions that metered trees call. */
export function meterFunctions(budget: Budget): CelFunc[] {
  const { BOOL, DYN, INT, STRING } = CelScalar;
  const owned = new WeakMap<object, CelInput[]>();
  return [
    celFunc(PAY, [DYN], DYN, (value) => {
      pay(value, budget);
      return value;
    }),
    celFunc(PAY_MATCH, [STRING, INT], STRING, (text, weight) => {
      budget.spend(1 + ((text.length + 1) * Number(weight)) / CHARACTERS_PER_UNIT);
      return text;
    }),
    celFunc(TURN, [INT], BOOL, (parts) => {
      budget.spend(1 + Number(parts) / PARTS_PER_UNIT);
      return true;
    }),
    // The accumulator of `map` and `filter`: nobody else holds it, so it may grow in place. Chains of joined lists, as
    // the library makes them, cost the square of their length and overflow the stack.
    celFunc(APPEND, [DYN, DYN], DYN, (list, element) => {
      if (!isCelList(list)) throw new Error("no list");
      const grown = owned.get(list) ?? [...list];
      grown.push(element);
      const next = celList(grown);
      owned.set(next, grown);
      return next;
    }),
  ];
}

function pay(value: CelValue, budget: Budget): void {
  if (typeof value === "string") budget.spend(1 + value.length / CHARACTERS_PER_UNIT);
  else if (value instanceof Uint8Array) budget.spend(1 + value.length / CHARACTERS_PER_UNIT);
  else if (isCelList(value)) {
    budget.spend(1 + value.size);
    for (const item of value) pay(item, budget);
  } else if (isCelMap(value)) {
    budget.spend(1 + value.size);
    for (const [key, item] of value.entries()) {
      if (typeof key === "string") budget.spend(key.length / CHARACTERS_PER_UNIT);
      pay(item, budget);
    }
  }
}
