/**
 * Objects for members whose names come from outside: nothing is inherited, so that `constructor` and `__proto__` are names like
 * others. As `Object.create(null)`, but V8 keeps those as hash tables, four times as large and slower to read; these share
 * their shape with others of the same names, as claims of one issuer have. Each has a place for what was made of it
 * (`pair-memo.ts`), which no name reaches and freezing does not close.
 */
import type { JsonValue } from "./model.ts";

/** What was made, each after the number that it stands under. */
export type Made = readonly (number | object)[];

class Members {
  [name: string]: JsonValue;
  #made: Made = NOTHING;

  static madeOf(object: object): Made | undefined {
    return #made in object ? object.#made : undefined;
  }

  /** @param object one that `madeOf` knows */
  static keepMade(object: object, made: Made): void {
    if (#made in object) object.#made = made;
  }
}

const NOTHING: Made = [];

Object.setPrototypeOf(Members.prototype, null);
Reflect.deleteProperty(Members.prototype, "constructor");
Object.freeze(Members.prototype);

/** Undefined: it has no place for that. */
export const madeOf = Members.madeOf;
export const keepMade = Members.keepMade;

export function newMembers(): { [name: string]: JsonValue } {
  return new Members();
}
