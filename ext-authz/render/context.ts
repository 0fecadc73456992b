/** What the parts of `zones.ts` hand on: the description, what was found out, and where problems are collected. */
import type { SocketAddress } from "../../envoy/model.ts";
import type { Path } from "../resources/field-path.ts";
import type { Description } from "./description.ts";
import type { Facts } from "./facts.ts";
import type { Ring } from "./keys.ts";
import type { Misplaced, Placement } from "./placement.ts";

export interface Findings {
  readonly report: (path: Path, message: string, hint?: string) => void;
}

export interface Context {
  readonly description: Description;
  readonly facts: Facts;
  readonly placement: Placement;
  readonly ring: Ring;
  readonly responseRing: Ring;
  readonly findings: Findings;
}

/** A value, or its problem reported. */
export function placed<T extends string | SocketAddress>(value: T | Misplaced, { report }: Findings): T | undefined {
  if (!isMisplaced(value)) return value;
  report(value.path, value.message, value.hint);
  return undefined;
}

function isMisplaced(value: string | SocketAddress | Misplaced): value is Misplaced {
  return typeof value === "object" && "path" in value;
}
