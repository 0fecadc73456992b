/**
 * What is made of two values that are seen together again and again, such as a rule and a token's claims. In: how it is made.
 * Out: the same, made once for each pair of objects. Neither is kept alive: what goes takes what was made of it along.
 *
 * It stands with the second, where that has a place for it (`members.ts`): with ten thousand tokens in weak maps each look missed
 * the processor's cache several times, and each collection walked over all of them.
 */
import { keepMade, type Made, madeOf } from "./members.ts";
import { numberObjects } from "./numbers.ts";

/** Of one object: two for each of the rules that look at one token, at as many workloads, and those of old loads. Then it begins anew. */
const MAX_MADE = 64;

export function pairMemo<A extends object, B extends object, T extends object>(
  make: (a: A, b: B) => T,
): (a: A, b: B) => T {
  const numbers = numberObjects<A>();
  const elsewhere = new WeakMap<B, Map<number, T>>();
  /** Under a number of ours stands what we have made. */
  const isOurs = (_: number | object | undefined): _ is T => true;

  function makeAt(a: A, b: B, number: number, made: Made): T {
    const fresh = make(a, b);
    // Joined, not spread: a list that was spread has room for sixteen more.
    keepMade(b, made.length < 2 * MAX_MADE ? made.concat([number, fresh]) : [number, fresh]);
    return fresh;
  }

  function makeElsewhere(a: A, b: B, number: number): T {
    const made = elsewhere.get(b) ?? new Map<number, T>();
    const known = made.get(number);
    if (known !== undefined) return known;
    const fresh = make(a, b);
    if (made.size >= MAX_MADE) made.clear();
    elsewhere.set(b, made.set(number, fresh));
    return fresh;
  }

  return (a, b) => {
    const number = numbers(a);
    const made = madeOf(b);
    if (made === undefined) return makeElsewhere(a, b, number);
    for (let at = 0; at < made.length; at += 2) {
      const value = made[at + 1];
      if (made[at] === number && isOurs(value)) return value;
    }
    return makeAt(a, b, number, made);
  };
}
