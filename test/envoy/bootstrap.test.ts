import { describe, expect, it } from "vitest";
import { bootstrap } from "../../envoy/bootstrap.ts";
import type { Config, ConfigValue, Zone } from "../../envoy/model.ts";
import { edgeZone, innerZone } from "../../envoy/samples.ts";

const keys = [{ id: "k1", secret: "A".repeat(43) }];
const edge = edgeZone(keys);
const zone = innerZone(keys);

/** Follows names and indices; fails the test where there is nothing. */
function at(config: ConfigValue, ...place: readonly (string | number)[]): ConfigValue {
  let value: ConfigValue | undefined = config;
  for (const step of place) {
    if (typeof value !== "object") throw new Error(`nothing at ${place.join(".")}`);
    value = Object.entries(value).find(([name]) => name === String(step))?.[1];
  }
  if (value === undefined) throw new Error(`nothing at ${place.join(".")}`);
  return value;
}

const manager = (config: Config) =>
  at(config, "static_resources", "listeners", 0, "filter_chains", 0, "filters", 0, "typed_config");

const asking = ({ grants: _, ...others }: Zone): Zone => others;
const filter = ["http_filters", 1, "typed_config"] as const;
const granting = [
  ...filter,
  "xds_matcher",
  "on_no_match",
  "action",
  "typed_config",
  "typed_config",
  "typed_config",
] as const;

describe.each([
  ["edge", bootstrap(edge), granting],
  ["zone", bootstrap(zone), granting],
  ["zone without grants", bootstrap(asking(zone)), filter],
] as const)("%s", (_, config, authz) => {
  it.each([
    [["http_filters", 0, "name"], "countersign.guard"],
    [["http_filters", 1, "name"], "envoy.filters.http.ext_authz"],
    [["http_filters", 2, "name"], "envoy.filters.http.router"],
    [["http_filters", 0, "typed_config", "config", "failure_policy"], "FAIL_RELOAD"],
    [["authz", "failure_mode_allow"], false],
    [["authz", "status_on_error", "code"], "ServiceUnavailable"],
    [["authz", "clear_route_cache"], false],
    [["authz", "encode_raw_headers"], true],
    [["authz", "include_peer_certificate"], true],
    [["authz", "include_tls_session"], true],
    [["normalize_path"], true],
    [["merge_slashes"], true],
    [["path_with_escaped_slashes_action"], "REJECT_REQUEST"],
    [["common_http_protocol_options", "headers_with_underscores_action"], "REJECT_REQUEST"],
    [["forward_client_cert_details"], "SANITIZE"],
  ] as const)("%j is %j", (place, value) => {
    const [first, ...rest] = place;
    expect(at(manager(config), ...(first === "authz" ? [...authz, ...rest] : place))).toBe(value);
  });

  it("writes no query and no credential to the access log", () => {
    const format = JSON.stringify(at(manager(config), "access_log"));
    expect(format).not.toMatch(/REQ\(:PATH|WQ|AUTHORIZATION|TXN-TOKEN|SIGNATURE|COOKIE/i);
  });
});

describe("what does not fit together is refused", () => {
  const cases: readonly [string, Zone, string][] = [
    ["an admin interface for everybody", { ...edge, admin: { host: "0.0.0.0", port: 9901 } }, "loopback"],
    ["an inner zone without stamps", { ...zone, accepts: undefined }, "must check stamps"],
    ["a stamping upstream without keys", { ...edge, stamps: undefined }, "makes no stamps"],
    ["a route to nowhere", { ...edge, upstreams: [] }, "unknown upstream"],
  ];
  it.each(cases)("%s", (_, description, message) => {
    expect(() => bootstrap(description)).toThrow(message);
  });
});

it("the stamp stands last before the wire, in the cluster that needs it only", () => {
  const protocol = ["typed_extension_protocol_options", "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"];
  const clusters = at(bootstrap(edge), "static_resources", "clusters");
  const filters = at(clusters, 0, ...protocol, "http_filters");
  expect([at(filters, 0, "name"), at(filters, 1, "name")]).toEqual([
    "countersign.stamp",
    "envoy.filters.http.upstream_codec",
  ]);
  expect(() => at(clusters, 1, ...protocol, "http_filters")).toThrow("nothing at");
});

describe("grants", () => {
  it("skip the call by the guard's filter state alone", () => {
    const [matcher, ...others] = Object.values(
      at(manager(bootstrap(edge)), ...filter, "xds_matcher", "matcher_list", "matchers"),
    );
    expect(others).toEqual([]);
    expect(at(matcher ?? "", "predicate", "single_predicate", "input", "typed_config", "key")).toBe(
      "wasm.countersign.grant",
    );
    expect(at(matcher ?? "", "on_match", "action", "name")).toBe("skip");
  });

  it("are no reason to let pass what the matcher does not find: ext_authz runs there", () => {
    const found = at(manager(bootstrap(edge)), ...filter, "xds_matcher", "on_no_match", "action", "typed_config");
    expect([at(found, "@type"), at(found, "typed_config", "typed_config", "@type")]).toEqual([
      "type.googleapis.com/envoy.extensions.filters.http.composite.v3.ExecuteFilterAction",
      "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
    ]);
  });

  const [route] = edge.routes;
  const other = { namespace: "edge", name: "other", labels: {} };
  const namesOf = (zone: Zone) =>
    Object.values(at(manager(bootstrap(zone)), "route_config", "virtual_hosts", 0, "routes")).map((one) =>
      at(one, "name"),
    );
  const settingsOf = (zone: Zone) => {
    const text = at(manager(bootstrap(zone)), "http_filters", 0, "typed_config", "config", "configuration", "value");
    return JSON.parse(String(text)).grants;
  };

  it("know routes by what they tell the server", () => {
    if (route === undefined) throw new Error("no route");
    const again = { ...route, prefix: "/again/" };
    const elsewhere = { ...route, prefix: "/else/", workload: other };
    const labelled = { ...route, prefix: "/l/", workload: { ...other, labels: { app: "x" } } };
    const [a, b, c, d] = namesOf({ ...edge, routes: [route, again, elsewhere, labelled] });
    expect([a === b, new Set([a, c, d]).size]).toEqual([true, 3]);
    expect(settingsOf({ ...edge, routes: [route, again] }).routes).toBe("one");
    expect(settingsOf({ ...edge, routes: [route, elsewhere] }).routes).toBe("named");
  });

  it("know on which headers routes match", () => {
    if (route === undefined) throw new Error("no route");
    const match = { prefix: "/h/", headers: [{ name: "x-lane" }, { name: ":method" }, { name: "x-a" }] };
    expect(settingsOf({ ...edge, routes: [route, { ...route, match }] }).routeHeaders).toEqual(["x-a", "x-lane"]);
  });

  it("are there only where they were asked for", () => {
    const text = JSON.stringify(bootstrap(asking(edge)));
    expect(text).not.toMatch(/xds_matcher|countersign-http|\\"grants/);
    expect(settingsOf(asking(edge))).toBeUndefined();
  });
});
