/**
 * Numbers that stand for objects where a reference would keep them alive: of a rule of an old load, of an issuer's old keys. In: an
 * object. Out: its number. None is given twice, so one that outlives its object fits nothing.
 */
let last = 0;

/** The same object has another number with each that this returns. */
export function numberObjects<T extends object>(): (object: T) => number {
  const numbers = new WeakMap<T, number>();
  return (object) => {
    const known = numbers.get(object);
    if (known !== undefined) return known;
    numbers.set(object, ++last);
    return last;
  };
}
