/**
 * What is made of two values that are seen together again and again, such as a rule and a token's claims. In: how it is made.
 * Out: the same, made once for each pair of objects. Nothing is kept alive: what goes takes what was made of it along.
 */
export function pairMemo<A extends object, B extends object, T extends object>(
  make: (a: A, b: B) => T,
): (a: A, b: B) => T {
  const all = new WeakMap<A, WeakMap<B, T>>();
  return (a, b) => {
    let known = all.get(a);
    if (known === undefined) {
      known = new WeakMap();
      all.set(a, known);
    }
    const made = known.get(b);
    if (made !== undefined) return made;
    const fresh = make(a, b);
    known.set(b, fresh);
    return fresh;
  };
}
