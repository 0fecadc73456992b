/**
 * Runs every check. In: documents. Out: hazards in the order of their places, each once, bounded. Pure. What is printed of a
 * configuration is names, places and words of closed sets; values stay where they are.
 */
import { formatPath } from "../../resources/field-path.ts";
import { adminAddress } from "./admin-address.ts";
import { clientOrigin } from "./client-origin.ts";
import { extAuthzFailure } from "./ext-authz-failure.ts";
import { extAuthzView } from "./ext-authz-view.ts";
import { filterOrder } from "./filter-order.ts";
import { type ConfigDocument, pathOf } from "./frame.ts";
import type { Group, Kinds, Seen } from "./hazard.ts";
import { identitySource } from "./identity-source.ts";
import { istioObjects } from "./istio-objects.ts";
import { repeatedDecisions } from "./repeated-decisions.ts";
import { requestHygiene } from "./request-hygiene.ts";
import { routeCache } from "./route-cache.ts";
import { routeOverride } from "./route-override.ts";
import { stampStand } from "./stamp-stand.ts";
import { surveyOf } from "./survey.ts";
import { wasmPlugin } from "./wasm-plugin.ts";

export interface Hazard {
  readonly id: string;
  readonly severity: "error" | "warning";
  readonly file: string;
  /** From 1; 0 where the input has no lines (JSON, a running Envoy). */
  readonly line: number;
  readonly path: string;
  readonly saw: string;
  readonly why: string;
  readonly fix: string;
}

export interface Examined {
  readonly hazards: readonly Hazard[];
  /** HTTP connection managers that were looked at. */
  readonly managers: number;
  /** Documents in which nothing of Envoy's or Istio's stands. */
  readonly unknown: readonly ConfigDocument[];
  /** True when there were more hazards than are listed. */
  readonly cut: boolean;
}

/** Every group, in the order of docs/doctor-envoy.md. */
export const GROUPS: readonly Group[] = [
  extAuthzFailure,
  extAuthzView,
  filterOrder,
  routeOverride,
  routeCache,
  requestHygiene,
  clientOrigin,
  adminAddress,
  wasmPlugin,
  identitySource,
  istioObjects,
  stampStand,
  repeatedDecisions,
];

const MAX_HAZARDS = 1000;

export function examine(documents: readonly ConfigDocument[]): Examined {
  const survey = surveyOf(documents);
  const found = new Map<string, Hazard>();
  let cut = false;
  for (const { kinds, examine: look } of GROUPS) {
    for (const seen of look(survey)) {
      const hazard = hazardOf(kinds, seen);
      const key = JSON.stringify([hazard.id, hazard.file, hazard.path]);
      cut ||= found.size >= MAX_HAZARDS && !found.has(key);
      if (found.size < MAX_HAZARDS) found.set(key, hazard);
    }
  }
  const order = new Map(documents.map(({ file }, index) => [file, index]));
  const rank = ({ file }: Hazard): number => order.get(file) ?? 0;
  const hazards = [...found.values()].sort((a, b) => rank(a) - rank(b) || a.line - b.line);
  return { hazards, managers: survey.chains.length, unknown: survey.unknown, cut };
}

function hazardOf(kinds: Kinds, { id, at, saw }: Seen): Hazard {
  const kind = kinds[id];
  if (kind === undefined) throw new Error(`no hazard ${id}`);
  const path = pathOf(at);
  const line = at.document.placeOf?.(path).line ?? 0;
  return { id, file: at.document.file, line, path: printable(formatPath(path)), saw, ...kind };
}

/** Keys are names that others wrote. */
function printable(path: string): string {
  return path.slice(0, 1000).replace(/[^\x20-\x7e]/g, "?");
}
