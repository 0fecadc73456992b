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

describe.each([
  ["edge", bootstrap(edge)],
  ["zone", bootstrap(zone)],
])("%s", (_, config) => {
  it.each([
    [["http_filters", 0, "name"], "countersign.guard"],
    [["http_filters", 1, "name"], "envoy.filters.http.ext_authz"],
    [["http_filters", 2, "name"], "envoy.filters.http.router"],
    [["http_filters", 0, "typed_config", "config", "failure_policy"], "FAIL_RELOAD"],
    [["http_filters", 1, "typed_config", "failure_mode_allow"], false],
    [["http_filters", 1, "typed_config", "status_on_error", "code"], "ServiceUnavailable"],
    [["http_filters", 1, "typed_config", "clear_route_cache"], false],
    [["http_filters", 1, "typed_config", "encode_raw_headers"], true],
    [["http_filters", 1, "typed_config", "include_peer_certificate"], true],
    [["http_filters", 1, "typed_config", "include_tls_session"], true],
    [["normalize_path"], true],
    [["merge_slashes"], true],
    [["path_with_escaped_slashes_action"], "REJECT_REQUEST"],
    [["common_http_protocol_options", "headers_with_underscores_action"], "REJECT_REQUEST"],
    [["forward_client_cert_details"], "SANITIZE"],
  ] as const)("%j is %j", (place, value) => {
    expect(at(manager(config), ...place)).toBe(value);
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
