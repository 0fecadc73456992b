/** The shape of a group of imports: named functions that take the guest's numbers and answer a Status. */

export type Imports = Readonly<Record<string, (...args: never[]) => number>>;
