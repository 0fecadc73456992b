/**
 * Whether the route that was decided on is the route that is taken. A filter behind ext_authz that clears the route cache
 * lets Envoy choose again, by headers that may have changed, with another route's settings unchecked.
 */
import type { Filter } from "./chain.ts";
import { below, child, type Frame, isNamed, isTrue, textOf } from "./frame.ts";
import { group, quote, type Seen } from "./hazard.ts";
import type { Survey } from "./survey.ts";
import { TYPES } from "./typed.ts";

const kinds = {
  decision_clears_route: {
    severity: "warning",
    why: "after the decision Envoy chooses the route again: it may be one that would have been decided otherwise",
    fix: "clear_route_cache: false in ext_authz",
  },
  route_cleared_after_decision: {
    severity: "warning",
    why: "a filter behind ext_authz makes Envoy choose the route again, unchecked",
    fix: "move the filter before ext_authz, or keep it from clearing the route cache",
  },
} as const;

type Id = keyof typeof kinds;

export const routeCache = group(kinds, function* (survey: Survey) {
  for (const { type, config } of survey.typed) {
    const clears = child(config, "clear_route_cache");
    if (type === TYPES.extAuthz && clears !== undefined && isTrue(clears)) {
      yield { id: "decision_clears_route", at: clears, saw: "clear_route_cache: true" } as const;
    }
  }
  for (const { filters, outbound } of survey.chains) {
    const decided = filters.findIndex(({ role }) => role === "ext_authz");
    if (decided === -1 || outbound) continue;
    for (const filter of filters.slice(decided + 1)) yield* clearing(filter);
  }
});

function* clearing({ entry, name, type, config, role }: Filter): Generator<Seen<Id>> {
  if (role !== "other") return;
  const found = { id: "route_cleared_after_decision", at: entry } as const;
  // proxy-wasm clears it by itself whenever a module changes a request header.
  if (type === TYPES.wasm) yield { ...found, saw: `Wasm filter ${quote(name)} does so by changing any header` };
  for (const frame of below(config)) {
    if (clearsRoute(frame)) {
      yield { ...found, at: frame, saw: `filter ${quote(name)}` };
      return;
    }
  }
}

function clearsRoute(frame: Frame): boolean {
  if (isNamed(frame, "clear_route_cache")) return isTrue(frame);
  if (isNamed(frame, "route_cache_action")) return frame.value === "CLEAR";
  return textOf(frame)?.includes("clearRouteCache") === true;
}
