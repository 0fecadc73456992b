/**
 * What `doctor envoy` reports. Each group of hazards has a closed table of kinds and a function that looks for them; what it
 * saw is never a value of the configuration except a name or a word of a closed set, because configurations hold secrets.
 */
import type { Frame } from "./frame.ts";
import type { Survey } from "./survey.ts";

export interface Kind {
  /** error: a request can pass that must not, or an identity can be forged. warning: a safeguard is missing. */
  readonly severity: "error" | "warning";
  readonly why: string;
  readonly fix: string;
}

export type Kinds = Readonly<Record<string, Kind>>;

export interface Seen<Id extends string = string> {
  readonly id: Id;
  /** The field, or the nearest thing around one that is missing. */
  readonly at: Frame;
  readonly saw: string;
}

export interface Group {
  readonly kinds: Kinds;
  readonly examine: (survey: Survey) => Iterable<Seen>;
}

/** A group whose findings can only have the ids of its own table. */
export function group<const K extends Kinds>(
  kinds: K,
  examine: (survey: Survey) => Iterable<Seen<keyof K & string>>,
): Group {
  return { kinds, examine };
}

/** A name that others wrote, for a terminal: short, quoted, ASCII. */
export function quote(text: string): string {
  return JSON.stringify(text.slice(0, 80)).replace(/[^\x20-\x7e]/g, "?");
}
