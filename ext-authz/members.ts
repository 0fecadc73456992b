/**
 * Objects for members whose names come from outside: nothing is inherited, so that `constructor` and `__proto__` are names like
 * others. As `Object.create(null)`, but V8 keeps those as hash tables, four times as large and slower to read; these share
 * their shape with others of the same names, as claims of one issuer have.
 */
import type { JsonValue } from "./model.ts";

class Members {
  [name: string]: JsonValue;
}
Object.setPrototypeOf(Members.prototype, null);
Reflect.deleteProperty(Members.prototype, "constructor");
Object.freeze(Members.prototype);

export function newMembers(): { [name: string]: JsonValue } {
  return new Members();
}
