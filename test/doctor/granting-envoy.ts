/** The hazards of grants: each a manager with a guard that has some, and one thing wrong with it. */
import type { Row } from "./envoy-hazards.ts";
import { at, extAuthz, type Json, manager, router, wasm } from "./sound-envoy.ts";

export const type = (name: string) => ({ "@type": `type.googleapis.com/${name}` });
const configured = (grants: Json): Json =>
  wasm("countersign.guard", {
    configuration: {
      ...type("google.protobuf.StringValue"),
      value: JSON.stringify({ inbound: "edge", secret: "hunter2", grants }),
    },
  });

export const composite = "envoy.extensions.filters.http.composite.v3";

/** What it runs where the matcher finds nothing. */
export const executing = (more: Json & object = {}): Json => ({
  action: {
    name: "ask",
    typed_config: { ...type(`${composite}.ExecuteFilterAction`), typed_config: extAuthz, ...more },
  },
});

export const stateIs = (key: string): Json => ({
  single_predicate: {
    input: {
      name: "grant",
      typed_config: { ...type("envoy.extensions.matching.common_inputs.network.v3.FilterStateInput"), key },
    },
    value_match: { contains: " " },
  },
});

export const matching = (key: string, inner: Json, more: Json & object): Json => ({
  name: "envoy.filters.http.ext_authz",
  typed_config: {
    ...type("envoy.extensions.common.matching.v3.ExtensionWithMatcher"),
    extension_config: inner,
    xds_matcher: {
      matcher_list: {
        matchers: [
          {
            predicate: stateIs(key),
            on_match: {
              action: {
                name: "skip",
                typed_config: type("envoy.extensions.filters.common.matcher.action.v3.SkipFilter"),
              },
            },
          },
        ],
      },
      ...more,
    },
  },
});

const skipping = (key: string): Json => matching(key, extAuthz, {});
export const composing = (fallback: Json & object = { on_no_match: executing() }): Json =>
  matching("wasm.countersign.grant", { name: "composite", typed_config: type(`${composite}.Composite`) }, fallback);

export const route = (name: string, workload: string, more: Json & object = {}): Json => ({
  name,
  match: { prefix: `/${workload}` },
  route: { cluster: "orders" },
  typed_per_filter_config: {
    "envoy.filters.http.ext_authz": {
      ...type("envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"),
      check_settings: { context_extensions: { namespace: "shop", workload } },
    },
  },
  ...more,
});

export function granting(grants: Json, routes: readonly Json[], asking = skipping("wasm.countersign.grant")): Json {
  return {
    ...Object(manager),
    http_filters: [configured(grants), asking, router],
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes }] },
  };
}

const lane = { match: { prefix: "/a", headers: [{ name: "x-lane" }, { name: ":method" }] } };
const configuration = [...at.guard, "typed_config", "config", "configuration", "value"];
const routes = [...at.manager, "route_config", "virtual_hosts", 0, "routes"];

const setState = {
  name: "set",
  typed_config: {
    ...type("envoy.extensions.filters.http.set_filter_state.v3.Config"),
    on_request_headers: [{ object_key: "wasm.countersign.grant" }],
  },
};

export const grantRows: readonly Row[] = [
  { id: "grant_without_check", path: at.filters, to: [configured({}), router], found: at.manager },
  {
    id: "grant_forgeable",
    path: at.filters,
    to: [configured({}), setState, skipping("wasm.countersign.grant"), router],
    found: [...at.filters, 1],
  },
  {
    id: "grant_not_skipped",
    path: at.manager,
    to: granting({ cluster: "http" }, [route("a", "a")], skipping("wasm.other")),
    found: [...at.filters, 1],
  },
  {
    id: "grant_routes_one",
    path: at.manager,
    to: granting({ cluster: "http", routes: "one" }, [route("a", "a"), route("b", "b")]),
    found: configuration,
  },
  {
    id: "grant_route_name",
    path: at.manager,
    to: granting({ cluster: "http" }, [route("a", "a"), route("a", "b")]),
    found: [...routes, 1],
  },
  {
    id: "grant_route_header",
    path: at.manager,
    to: granting({ cluster: "http", routeHeaders: ["x-other"] }, [route("a", "a", lane)]),
    found: [...routes, 0, "match", "headers", 0],
  },
];

export const innocentGrants: readonly (readonly [name: string, path: Row["path"], to: Json])[] = [
  ["grants for routes that say the same", at.manager, granting({ routes: "one" }, [route("a", "a"), route("b", "a")])],
  [
    "grants for routes with names",
    at.manager,
    granting({}, [route("a", "a"), route("b", "b"), route("", "c"), route("", "d")]),
  ],
  ["a header that grants leave alone", at.manager, granting({ routeHeaders: ["x-lane"] }, [route("a", "a", lane)])],
];
