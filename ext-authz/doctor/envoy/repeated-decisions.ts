/**
 * Grants (docs/grants.md): the guard repeats decisions, so the check must be skipped exactly then, and what routes tell the
 * server must be part of what the guard compares.
 */
import { isJsonObject, member, parseStrictJson } from "../../authenticate/strict-json.ts";
import type { JsonObject } from "../../model.ts";
import type { Chain, Filter } from "./chain.ts";
import { below, child, type Frame, items, members, textOf } from "./frame.ts";
import { group, quote, type Seen } from "./hazard.ts";
import type { Survey } from "./survey.ts";
import { TYPES, typedAt } from "./typed.ts";

const kinds = {
  grant_not_skipped: {
    severity: "error",
    why: "the guard changes a request that it has a grant for, and ext_authz then decides about the changed one",
    fix: "skip ext_authz by ExtensionWithMatcher: SkipFilter on filter state wasm.countersign.grant; or remove grants",
  },
  grant_without_check: {
    severity: "error",
    why: "the guard repeats decisions, but nothing that is known here asks for one: who has no grant passes",
    fix: "add ext_authz behind the guard, in a form that the documentation of grants shows",
  },
  grant_forgeable: {
    severity: "error",
    why: "another filter names the state by which ext_authz is skipped: what it writes there counts as a grant",
    fix: "leave that state to the guard",
  },
  grant_routes_one: {
    severity: "error",
    why: "what was decided for one route is repeated for another one, although they tell the server different things",
    fix: 'grants: { routes: "named" }, and a name for each kind of context_extensions',
  },
  grant_route_name: {
    severity: "error",
    why: "routes of one name tell the server different things, and the guard knows them by their name alone",
    fix: "another name for each kind of context_extensions",
  },
  grant_route_header: {
    severity: "error",
    why: "Envoy chooses the route anew when the guard writes a granted header: it may lead elsewhere than was decided",
    fix: "name the header in the guard's grants.routeHeaders: a grant that changes it is then not repeated",
  },
} as const;

const MAX_DEPTH = 32;
const STATE = "wasm.countersign.grant";

type Id = keyof typeof kinds;

export const repeatedDecisions = group(kinds, function* (survey: Survey) {
  for (const chain of survey.chains) yield* examineChain(chain);
});

function* examineChain({ manager, filters, partial }: Chain): Generator<Seen<Id>> {
  const guard = filters.find(({ role }) => role === "guard");
  const place = child(guard?.config, "config", "configuration", "value");
  const grants = grantsOf(place);
  if (place === undefined || grants === undefined) return;
  if (!partial && !filters.some(({ role }) => role === "ext_authz")) {
    yield { id: "grant_without_check", at: manager, saw: "no ext_authz" };
  }
  for (const filter of filters) {
    if (filter.role === "other" && namesState(filter)) {
      yield { id: "grant_forgeable", at: filter.entry, saw: quote(filter.name) };
    }
    if (filter.role === "ext_authz" && !isSkipped(filter)) {
      yield { id: "grant_not_skipped", at: filter.entry, saw: `no matcher on ${STATE}` };
    }
  }
  const hosts = items(child(manager, "route_config", "virtual_hosts"));
  const routes = hosts.flatMap((host) => items(child(host, "routes")).map((route) => routeOf(route, host)));
  // Absent: the guard keeps no grant that could matter to a route.
  const known = member(grants, "routeHeaders");
  for (const { headers } of Array.isArray(known) ? routes : []) {
    for (const { frame, name } of headers) {
      if (name.startsWith(":") || (Array.isArray(known) && known.includes(name))) continue;
      yield { id: "grant_route_header", at: frame, saw: quote(name) };
    }
  }
  if (member(grants, "routes") === "one") {
    const told = new Set(routes.map(({ context }) => context)).size;
    if (told > 1) yield { id: "grant_routes_one", at: place, saw: `${told} kinds of context_extensions` };
    return;
  }
  const names = new Map<string, string>();
  for (const { frame, name, context } of routes) {
    // Requests of a route without a name are asked for.
    if (name === "") continue;
    const before = names.get(name);
    names.set(name, context);
    if (before !== undefined && before !== context) yield { id: "grant_route_name", at: frame, saw: quote(name) };
  }
}

/** One word of the filter's own configuration is looked at, and nothing is printed: it holds the keys. */
function grantsOf(place: Frame | undefined): JsonObject | undefined {
  const own = parseStrictJson(textOf(place) ?? "", MAX_DEPTH);
  const grants = isJsonObject(own) ? member(own, "grants") : undefined;
  return isJsonObject(grants) ? grants : undefined;
}

function namesState({ config }: Filter): boolean {
  for (const frame of below(config)) if (textOf(frame)?.includes(STATE) === true) return true;
  return false;
}

function isSkipped({ matcher }: Filter): boolean {
  for (const frame of below(matcher)) {
    const input = typedAt(frame);
    if (input?.type === TYPES.filterStateInput && textOf(child(input.config, "key")) === STATE) return true;
  }
  return false;
}

interface Route {
  readonly frame: Frame;
  readonly name: string;
  /** What it tells the server, as text. */
  readonly context: string;
  /** On which it matches, or that name its cluster. */
  readonly headers: readonly { readonly frame: Frame; readonly name: string }[];
}

function routeOf(frame: Frame, host: Frame): Route {
  const own = perRoute(child(frame, "typed_per_filter_config")) ?? perRoute(child(host, "typed_per_filter_config"));
  const told = child(own, "check_settings", "context_extensions");
  const pairs = members(told).map(({ key, value }) => [key, value] as const);
  const matched = items(child(frame, "match", "headers")).map((header) => [header, child(header, "name")] as const);
  const named = child(frame, "route", "cluster_header");
  const headers = named === undefined ? matched : [...matched, [named, named] as const];
  return {
    frame,
    name: textOf(child(frame, "name")) ?? "",
    context: JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : 1))),
    headers: headers.map(([at, name]) => ({ frame: at, name: textOf(name) ?? "" })),
  };
}

/** ext_authz's part, whatever the filter is called there. */
function perRoute(configs: Frame | undefined): Frame | undefined {
  return members(configs)
    .map(typedAt)
    .find((typed) => typed?.type === TYPES.extAuthzPerRoute)?.config;
}
