/** For each hazard of an Envoy configuration one change of the sound one, and the field that is pointed at. */
import { grantRows, innocentGrants } from "./granting-envoy.ts";
import { innocentMatched, matchedRows } from "./matched-envoy.ts";
import {
  at,
  codec,
  extAuthz,
  filter,
  guard,
  type Json,
  listener,
  manager,
  router,
  stamp,
  wasm,
} from "./sound-envoy.ts";

type Path = readonly (string | number)[];

export interface Row {
  readonly id: string;
  readonly path: Path;
  /** Undefined: the field is removed. */
  readonly to: Json | undefined;
  /** Default: where the change is. */
  readonly found?: Path;
}

const authz = (...path: Path): Path => [...at.extAuthz, ...path];
const http = (...path: Path): Path => [...at.manager, ...path];
const common = (name: string): Path => http("common_http_protocol_options", name);
const plugin = (...path: Path): Path => [...at.guard, "typed_config", "config", ...path];
const nth = (index: number, ...path: Path): Path => [...at.filters, index, ...path];
const config = (index: number, ...path: Path): Path => nth(index, "typed_config", ...path);
const override = (name: string, message: string): Row => ({
  id: name === "countersign.guard" ? "guard_off_on_route" : "ext_authz_off_on_route",
  path: [...at.route, "typed_per_filter_config"],
  to: { [name]: { "@type": `type.googleapis.com/${message}`, disabled: true } },
  found: [...at.route, "typed_per_filter_config", name, "disabled"],
});
const chain = (id: string, to: Json, found: Path): Row => ({ id, path: at.filters, to, found });

const lua = (source: Json & object) => filter("lua", "lua.v3.Lua", source);
const jwt = (fields: Json & object) => filter("jwt", "jwt_authn.v3.JwtAuthentication", fields);
const rbac = (fields: Json & object) => filter("rbac", "rbac.v3.RBAC", fields);
const signing = filter("sign", "aws_request_signing.v3.AwsRequestSigning");
const trusting = rbac({ rules: { policies: { a: { metadata: { filter: "envoy.filters.http.ext_authz" } } } } });
const idp = { issuer: "https://idp.example", payload_in_metadata: "jwt" };
const matched: Json = {
  name: "matched",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher",
    extension_config: extAuthz,
    xds_matcher: {
      matcher_tree: {
        input: { typed_config: { "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput" } },
      },
    },
  },
};
const unmatched: Json = {
  name: "matched",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.common.matching.v3.ExtensionWithMatcher",
    extension_config: extAuthz,
  },
};

export const rows: readonly Row[] = [
  { id: "failure_mode_allow", path: authz("failure_mode_allow"), to: true },
  { id: "status_on_error", path: authz("status_on_error"), to: undefined, found: at.extAuthz },
  { id: "status_on_error", path: authz("status_on_error", "code"), to: "Forbidden" },
  { id: "status_on_error", path: authz("status_on_error", "code"), to: 200 },
  {
    id: "check_timeout_missing",
    path: authz("grpc_service", "timeout"),
    to: undefined,
    found: authz("grpc_service"),
  },
  { id: "check_timeout_long", path: authz("grpc_service", "timeout"), to: "300s" },
  { id: "check_timeout_long", path: authz("grpc_service", "timeout"), to: "0s" },
  { id: "check_timeout_short", path: authz("grpc_service", "timeout"), to: "0.01s" },
  { id: "check_sampled", path: authz("filter_enabled"), to: { default_value: { numerator: 50 } } },
  {
    id: "check_sampled",
    path: authz("filter_enabled"),
    to: { default_value: { numerator: 100, denominator: "HUNDRED" }, runtime_key: "on" },
    found: authz("filter_enabled", "runtime_key"),
  },
  {
    id: "http_service",
    path: at.extAuthz,
    to: {
      "@type": "type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
      http_service: { server_uri: { uri: "http://a", timeout: "0.5s" } },
      status_on_error: { code: 503 },
      include_peer_certificate: true,
      include_tls_session: true,
    },
    found: authz("http_service"),
  },
  { id: "headers_joined", path: authz("encode_raw_headers"), to: undefined, found: at.extAuthz },
  { id: "headers_joined", path: authz("encode_raw_headers"), to: false },
  { id: "headers_hidden", path: authz("allowed_headers"), to: { patterns: [{ exact: "authorization" }] } },
  { id: "headers_hidden", path: authz("disallowed_headers"), to: { patterns: [{ exact: "x-role" }] } },
  {
    id: "body_partial",
    path: authz("with_request_body"),
    to: { max_request_bytes: 10, allow_partial_message: true },
    found: authz("with_request_body", "allow_partial_message"),
  },
  { id: "peer_certificate_unsent", path: authz("include_peer_certificate"), to: undefined, found: at.extAuthz },
  { id: "tls_session_unsent", path: authz("include_tls_session"), to: undefined, found: at.extAuthz },
  {
    id: "ext_authz_missing",
    path: [...at.listeners, 1],
    to: listener("side", { ...Object(manager), http_filters: [guard, router] }),
    found: [...at.listeners, 1, ...http().slice(at.listener.length)],
  },
  { id: "ext_authz_disabled", path: nth(1, "disabled"), to: true, found: nth(1) },
  chain(
    "ext_authz_skippable",
    [guard, matched, router],
    [...config(1), ...["xds_matcher", "matcher_tree", "input", "typed_config", "@type"]],
  ),
  chain("ext_authz_unmatched", [guard, unmatched, router], nth(1)),
  chain("ext_authz_after_action", [guard, signing, extAuthz, router], nth(1)),
  chain("ext_authz_after_trust", [guard, trusting, extAuthz, router], nth(1)),
  {
    id: "guard_missing",
    path: [...at.listeners, 1],
    to: listener("side", { ...Object(manager), http_filters: [extAuthz, router] }),
    found: [...at.listeners, 1, ...http().slice(at.listener.length)],
  },
  chain("guard_not_first", [extAuthz, guard, router], nth(0)),
  override("envoy.filters.http.ext_authz", "envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute"),
  override("envoy.filters.http.ext_authz", "envoy.config.route.v3.FilterConfig"),
  override("countersign.guard", "envoy.config.route.v3.FilterConfig"),
  { id: "decision_clears_route", path: authz("clear_route_cache"), to: true },
  chain(
    "route_cleared_after_decision",
    [guard, extAuthz, lua({ default_source_code: { inline_string: "handle:clearRouteCache()" } }), router],
    config(2, "default_source_code", "inline_string"),
  ),
  chain("route_cleared_after_decision", [guard, extAuthz, wasm("other"), router], nth(2)),
  chain(
    "route_cleared_after_decision",
    [guard, extAuthz, jwt({ rules: [{ clear_route_cache: true }] }), router],
    config(2, "rules", 0, "clear_route_cache"),
  ),
  { id: "path_not_normalized", path: http("normalize_path"), to: undefined, found: at.manager },
  { id: "path_not_normalized", path: http("normalize_path"), to: false },
  { id: "slashes_not_merged", path: http("merge_slashes"), to: undefined, found: at.manager },
  { id: "escaped_slashes_kept", path: http("path_with_escaped_slashes_action"), to: "KEEP_UNCHANGED" },
  { id: "underscores_allowed", path: common("headers_with_underscores_action"), to: "ALLOW" },
  { id: "header_limits_unset", path: common("max_headers_count"), to: undefined, found: at.manager },
  { id: "header_limits_unset", path: http("max_request_headers_kb"), to: undefined, found: at.manager },
  { id: "trusted_hops_unverified", path: http("use_remote_address"), to: false, found: http("xff_num_trusted_hops") },
  {
    id: "remote_address_unused",
    path: at.manager,
    to: { ...Object(manager), use_remote_address: false, xff_num_trusted_hops: 0 },
    found: http("use_remote_address"),
  },
  { id: "forwarded_for_not_appended", path: http("skip_xff_append"), to: true },
  { id: "client_certificate_forwarded", path: http("forward_client_cert_details"), to: "ALWAYS_FORWARD_ONLY" },
  { id: "client_certificate_forwarded", path: http("forward_client_cert_details"), to: "FORWARD_ONLY" },
  { id: "admin_public", path: ["admin", "address", "socket_address", "address"], to: "0.0.0.0" },
  { id: "wasm_fail_open", path: plugin("failure_policy"), to: "FAIL_OPEN" },
  { id: "wasm_fail_open", path: plugin("fail_open"), to: true },
  { id: "wasm_never_recovers", path: plugin("failure_policy"), to: "FAIL_CLOSED" },
  { id: "wasm_never_recovers", path: plugin("failure_policy"), to: undefined, found: plugin() },
  {
    id: "wasm_unpinned",
    path: plugin("vm_config", "code"),
    to: { remote: { http_uri: { uri: "https://a" } } },
    found: plugin("vm_config", "code", "remote"),
  },
  chain(
    "lua_writes_identity",
    [guard, lua({ inline_code: "h:headers():add('X-User-Id', 'a')" }), extAuthz, router],
    config(1, "inline_code"),
  ),
  chain(
    "jwt_failure_allowed",
    [guard, jwt({ rules: [{ requires: { allow_missing_or_failed: {} } }] }), extAuthz, router],
    config(1, "rules", 0, "requires", "allow_missing_or_failed"),
  ),
  chain(
    "jwt_never_verified",
    [guard, jwt({ providers: { idp }, rules: [{ match: { prefix: "/" } }] }), extAuthz, router],
    config(1, "providers", "idp", "payload_in_metadata"),
  ),
  chain("rbac_shadow_only", [guard, rbac({ shadow_rules: {} }), extAuthz, router], config(1, "shadow_rules")),
  { id: "stamp_missing", path: at.upstream, to: [codec], found: at.guard },
  {
    id: "stamp_not_last",
    path: at.upstream,
    to: [stamp, filter("lua", "lua.v3.Lua"), codec],
    found: [...at.upstream, 0],
  },
  ...grantRows,
  ...matchedRows,
];

/** What Envoy's users write in good order, near to a hazard. */
export const innocent: readonly (readonly [name: string, path: Path, to: Json | undefined])[] = [
  ["admin on IPv6 loopback", ["admin", "address", "socket_address", "address"], "::1"],
  ["admin on a Unix socket", ["admin", "address"], { pipe: { path: "/run/admin" } }],
  ["an unstamped downstream chain", at.upstream, [stamp, codec, router]],
  ["a stamp before the router", at.filters, [guard, extAuthz, stamp, router]],
  ["a native filter behind the decision", at.filters, [guard, extAuthz, rbac({ rules: {} }), router]],
  [
    "a token that is required",
    at.filters,
    [guard, jwt({ providers: { idp }, rules: [{ requires: { provider_name: "idp" } }] }), extAuthz, router],
  ],
  [
    "Istio's own question to ext_authz",
    at.filters,
    [guard, rbac({ shadow_rules: {}, shadow_rules_stat_prefix: "istio_ext_authz_" }), extAuthz, router],
  ],
  [
    "Lua that writes no identity",
    at.filters,
    [guard, lua({ inline_code: "h:headers():add('x-color', 'red')" }), extAuthz, router],
  ],
  ["all requests, whatever the runtime says", authz("filter_enabled"), { default_value: { numerator: 100 } }],
  [
    "a share, and the rest denied",
    at.extAuthz,
    {
      ...Object(Object(extAuthz).typed_config),
      filter_enabled: { default_value: { numerator: 50 } },
      deny_at_disable: { default_value: true },
    },
  ],
  ["a pinned remote module", plugin("vm_config", "code"), { remote: { sha256: "a".repeat(64) } }],
  [
    "a sidecar's outbound listener",
    [...at.listener],
    {
      ...Object(listener("out", { ...Object(manager), normalize_path: false, http_filters: [router] })),
      traffic_direction: "OUTBOUND",
    },
  ],
  ...innocentGrants,
  ...innocentMatched,
];
