import { describe, expect, test } from "vitest";
import { examine } from "../../ext-authz/doctor/envoy/examine.ts";
import { readConfig } from "../../ext-authz/doctor/envoy/read-config.ts";

const TYPE = '"@type": type.googleapis.com/envoy.extensions.filters';
const GRPC = "service: countersign.default.svc, port: 9191, timeout: 0.5s, statusOnError: '503'";

const mesh = (provider: string, kind = "envoyExtAuthzGrpc"): string => `
extensionProviders: [{ name: countersign, ${kind}: { ${provider} } }]`;
const configMap = `
apiVersion: v1
kind: ConfigMap
metadata: { name: istio }
data:
  mesh: |-
    extensionProviders: [{ name: countersign, envoyExtAuthzGrpc: { ${GRPC} } }]`;
const custom = (name: string): string => `
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ask }
spec: { action: CUSTOM, provider: { name: "${name}" }, rules: [{}] }`;
const patch = (match: string, entry: string): string => `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: { name: guard }
spec: { configPatches: [{ match: { ${match} }, ${entry} }] }`;
const insert = (value: string): string =>
  patch("context: GATEWAY", `applyTo: HTTP_FILTER, patch: { operation: INSERT_FIRST, value: { ${value} } }`);
const authz = (fields: string): string =>
  insert(`name: a, typed_config: { ${TYPE}.http.ext_authz.v3.ExtAuthz, ${fields} }`);
const manager = (fields: string): string =>
  patch(
    "context: GATEWAY",
    `applyTo: NETWORK_FILTER, patch: { operation: MERGE, value: { typed_config: {
      ${TYPE}.network.http_connection_manager.v3.HttpConnectionManager, ${fields} } } }`,
  );
const plugin = (spec: string): string => `
apiVersion: extensions.istio.io/v1alpha1
kind: WasmPlugin
metadata: { name: guard }
spec: { ${spec} }`;
const SOUND = "grpc_service: { timeout: 0.5s }, status_on_error: { code: 503 }, encode_raw_headers: true";
const DIGEST = "a".repeat(64);
const twice = (...texts: readonly string[]): string => texts.join("\n---");

function idsOf(text: string): readonly string[] {
  const { documents, problems } = readConfig("istio.yaml", text);
  expect(problems).toEqual([]);
  const { hazards, unknown } = examine(documents);
  expect(unknown).toEqual([]);
  expect(hazards.every(({ line }) => line > 0)).toBe(true);
  return hazards.map(({ id }) => id);
}

describe("found, and not in the repaired twin", () => {
  test.each<[id: string, broken: string, repaired: string]>([
    ["failure_mode_allow", mesh(`${GRPC}, failOpen: true`), mesh(GRPC)],
    ["status_on_error", mesh("timeout: 0.5s"), mesh(GRPC)],
    ["status_on_error", mesh("timeout: 0.5s, statusOnError: '403'"), mesh("timeout: 500ms, statusOnError: '500'")],
    ["check_timeout_missing", mesh("statusOnError: '503'"), mesh(GRPC)],
    ["check_timeout_long", mesh("statusOnError: '503', timeout: 10m"), mesh(GRPC)],
    ["check_timeout_short", mesh("statusOnError: '503', timeout: 1ms"), mesh(GRPC)],
    ["http_service", mesh(GRPC, "envoyExtAuthzHttp"), mesh(GRPC)],
    ["headers_hidden", mesh(`${GRPC}, includeRequestHeadersInCheck: [cookie]`), mesh(GRPC)],
    ["body_partial", mesh(`${GRPC}, includeRequestBodyInCheck: { allowPartialMessage: true }`), mesh(GRPC)],
    ["custom_provider_missing", twice(mesh(GRPC), custom("countersing")), twice(mesh(GRPC), custom("countersign"))],
    ["custom_provider_missing", twice(configMap, custom("other")), twice(configMap, custom("countersign"))],
    ["custom_provider_missing", custom(""), custom("a provider of a MeshConfig that is not here")],
    [
      "envoy_filter_unknown_field",
      patch("context: GATEWAY, listner: {}", "applyTo: LISTENER"),
      patch("context: GATEWAY, listener: {}", "applyTo: LISTENER"),
    ],
    [
      "envoy_filter_unknown_field",
      patch("context: GATEWAY", "applyTo: HTTP_FILTERS"),
      patch("context: GATEWAY", "applyTo: HTTP_FILTER"),
    ],
    ["envoy_filter_without_context", patch("", "applyTo: HTTP_FILTER"), patch("", "applyTo: BOOTSTRAP")],
    [
      "envoy_filter_without_context",
      patch("context: ANY", "applyTo: CLUSTER"),
      patch("context: SIDECAR_INBOUND", "applyTo: CLUSTER"),
    ],
    ["failure_mode_allow", authz(`${SOUND}, failure_mode_allow: true`), authz(SOUND)],
    ["headers_joined", authz(SOUND.replace("true", "false")), authz(SOUND)],
    ["path_not_normalized", manager("normalize_path: false"), manager("stat_prefix: a")],
    ["client_certificate_forwarded", manager("forward_client_cert_details: FORWARD_ONLY"), manager("stat_prefix: a")],
    ["wasm_fail_open", plugin("failStrategy: FAIL_OPEN"), plugin("failStrategy: FAIL_CLOSE")],
    ["wasm_unpinned", plugin("url: 'oci://r/guard:1'"), plugin(`url: 'oci://r/guard@sha256:${DIGEST}'`)],
    ["wasm_unpinned", plugin("url: 'https://r/guard.wasm'"), plugin(`url: 'https://r/g', sha256: ${DIGEST}`)],
  ])("%s %#", (id, broken, repaired) => {
    expect(idsOf(broken)).toEqual([id]);
    expect(idsOf(repaired)).toEqual([]);
  });
});

test("MeshConfig inside of an IstioOperator", () => {
  const operator = (name: string): string => `
apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec: { meshConfig: { extensionProviders: [{ name: ${name}, envoyExtAuthzGrpc: { ${GRPC} } }] } }`;
  expect(idsOf(twice(operator("other"), custom("countersign")))).toEqual(["custom_provider_missing"]);
  expect(idsOf(twice(operator("countersign"), custom("countersign")))).toEqual([]);
});

test("a patch through TypedStruct is read by the type it carries", () => {
  const struct = (open: boolean) =>
    insert(`name: a, typed_config: { "@type": type.googleapis.com/udpa.type.v1.TypedStruct,
      type_url: type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz,
      value: { ${SOUND}, failure_mode_allow: ${open} } }`);
  expect(idsOf(struct(true))).toEqual(["failure_mode_allow"]);
  expect(idsOf(struct(false))).toEqual([]);
});

test("objects of a List are looked at", () => {
  const list = JSON.stringify({
    apiVersion: "v1",
    kind: "List",
    items: [
      {
        apiVersion: "networking.istio.io/v1alpha3",
        kind: "EnvoyFilter",
        metadata: { name: "a" },
        spec: { configPatches: [{ applyTo: "CLUSTER" }] },
      },
    ],
  });
  const { documents } = readConfig("list.json", list);
  expect(examine(documents).hazards).toMatchObject([
    { id: "envoy_filter_without_context", path: "items[0].spec.configPatches[0]", line: 0 },
  ]);
});

test("a text inside of a ConfigMap that cannot be read is a problem, at its place", () => {
  const { problems } = readConfig("istio.yaml", configMap.replace("[{", "[hunter2 {{"));
  expect(problems[0]).toMatchObject({ line: 6, column: 3 });
  expect(JSON.stringify(problems)).not.toContain("hunter2");
});
