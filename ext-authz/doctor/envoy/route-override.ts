/** What routes switch off. Sources: Envoy's ext_authz.proto (ExtAuthzPerRoute) and route_components.proto (FilterConfig). */
import { around, child, type Frame, isNamed, isTrue } from "./frame.ts";
import { group, quote } from "./hazard.ts";
import type { Survey } from "./survey.ts";
import { TYPES } from "./typed.ts";

const kinds = {
  ext_authz_off_on_route: {
    severity: "error",
    why: "requests that take this route are not checked; a route is chosen by what the client sends",
    fix: "remove the override, and let a policy allow what is public",
  },
  ext_authz_matcher_on_route: {
    severity: "error",
    why: "the route brings a matcher of its own, which decides there whether ext_authz runs",
    fix: "remove the override",
  },
  guard_off_on_route: {
    severity: "error",
    why: "on this route forged headers and unstamped requests come in",
    fix: "remove the override",
  },
} as const;

export const routeOverride = group(kinds, function* (survey: Survey) {
  const all = survey.chains.flatMap(({ filters }) => filters);
  const named = (role: string) => new Set(all.filter((filter) => filter.role === role).map(({ name }) => name));
  const checks = named("ext_authz").add("envoy.filters.http.ext_authz");
  const guards = named("guard").add("countersign.guard");
  for (const { type, config } of survey.typed) {
    const isMatcher = type === TYPES.withMatcherPerRoute || type === TYPES.compositePerRoute;
    if (isMatcher && checks.has(filterName(config))) {
      yield { id: "ext_authz_matcher_on_route", at: config, saw: quote(filterName(config)) } as const;
    }
    if (type !== TYPES.extAuthzPerRoute && type !== TYPES.filterConfig) continue;
    const off = child(config, "disabled");
    if (off === undefined || !isTrue(off)) continue;
    const filter = filterName(config);
    if (type === TYPES.extAuthzPerRoute || checks.has(filter)) {
      yield { id: "ext_authz_off_on_route", at: off, saw: quote(filter) } as const;
    } else if (guards.has(filter)) {
      yield { id: "guard_off_on_route", at: off, saw: quote(filter) } as const;
    }
  }
});

/** The key under `typed_per_filter_config`. */
function filterName(config: Frame): string {
  const isEntry = (frame: Frame): boolean =>
    frame.parent !== undefined && isNamed(frame.parent, "typed_per_filter_config");
  const entry = isEntry(config) ? config : around(config, isEntry);
  return String(entry?.key ?? "");
}
