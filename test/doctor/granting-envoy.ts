/** The hazards of grants: each a manager with a guard that has some, and one thing wrong with it. */
import type { Row } from "./envoy-hazards.ts";
import { at, extAuthz, type Json, manager, router, wasm } from "./sound-envoy.ts";

const type = (name: string) => ({ "@type": `type.googleapis.com/${name}` });
const configured = (grants: Json): Json =>
  wasm("countersign.guard", {
    configuration: {
      ...type("google.protobuf.StringValue"),
      value: JSON.stringify({ inbound: "edge", secret: "hunter2", grants }),
    },
  });

const skipping = (key: string): Json => ({
  name: "envoy.filters.http.ext_authz",
  typed_config: {
    ...type("envoy.extensions.common.matching.v3.ExtensionWithMatcher"),
    extension_config: extAuthz,
    xds_matcher: {
      matcher_list: {
        matchers: [
          {
            predicate: {
              single_predicate: {
                input: {
                  name: "grant",
                  typed_config: { ...type("envoy.extensions.matching.common_inputs.network.v3.FilterStateInput"), key },
                },
                value_match: { contains: " " },
              },
            },
            on_match: {
              action: {
                name: "skip",
                typed_config: type("envoy.extensions.filters.common.matcher.action.v3.SkipFilter"),
              },
            },
          },
        ],
      },
    },
  },
});

const route = (name: string, workload: string, more: Json & object = {}): Json => ({
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

function granting(grants: Json, routes: readonly Json[], key = "wasm.countersign.grant"): Json {
  return {
    ...Object(manager),
    http_filters: [configured(grants), skipping(key), router],
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes }] },
  };
}

const lane = { match: { prefix: "/a", headers: [{ name: "x-lane" }, { name: ":method" }] } };
const configuration = [...at.guard, "typed_config", "config", "configuration", "value"];
const routes = [...at.manager, "route_config", "virtual_hosts", 0, "routes"];

export const grantRows: readonly Row[] = [
  {
    id: "grant_not_skipped",
    path: at.manager,
    to: granting({ cluster: "http" }, [route("a", "a")], "wasm.other"),
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
