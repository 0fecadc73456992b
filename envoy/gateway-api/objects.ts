/**
 * A zone for Envoy Gateway. In: a zone, its Gateway. Out: the objects beside the Gateway: the guard by an
 * EnvoyExtensionPolicy, the check by a SecurityPolicy, the listener's hygiene by a ClientTrafficPolicy; an EnvoyProxy puts Wasm
 * before ext_authz, which Envoy Gateway would do the other way round. What these cannot say is patched (EnvoyPatchPolicy, to be
 * switched on): raw header lines, certificate, timeout, 503 on failure, and the stamp right before the router.
 * Sources: Envoy Gateway's API reference, and the order of filters in its `internal/xds/translator`.
 */
import { extAuthzName } from "../ext-authz.ts";
import { guardConfiguration } from "../guard.ts";
import { type Config, type ConfigValue, type RemoteFilter, seconds, type Zone } from "../model.ts";
import { stamp } from "../stamp.ts";
import { variablesOf } from "../wasm.ts";

export interface GatewayZone {
  /** Its `filter` is where the proxies' pods have the file: what is patched in is not fetched. */
  readonly zone: Zone;
  readonly namespace: string;
  /** Name of the Gateway in that namespace, and of its listener. */
  readonly gateway: string;
  readonly listener: string;
  /** Where Envoy Gateway itself fetches the guard. */
  readonly fetched: Pick<RemoteFilter, "url" | "sha256">;
  /** The Kubernetes Service of the server. */
  readonly service: { readonly name: string; readonly namespace: string };
}

const API = "gateway.envoyproxy.io/v1alpha1";
const LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener";

export function gatewayObjects(described: GatewayZone): readonly Config[] {
  // Nothing here could skip the check: a guard that keeps grants would keep them for nobody.
  const { grants: _, ...zone } = described.zone;
  const placed = { ...described, zone };
  const targets = { targetRefs: [gatewayRef(placed)] };
  return [
    object(placed, "EnvoyProxy", { filterOrder: [{ name: "envoy.filters.http.wasm", before: extAuthzName }] }),
    object(placed, "ClientTrafficPolicy", { ...targets, ...hygiene(zone) }),
    object(placed, "EnvoyExtensionPolicy", { ...targets, wasm: [guard(placed)] }),
    object(placed, "SecurityPolicy", { ...targets, extAuth: check(placed) }),
    referenceGrant(placed),
    object(placed, "EnvoyPatchPolicy", {
      targetRef: gatewayRef(placed),
      type: "JSONPatch",
      jsonPatches: [...checkPatches(placed), ...stampPatch(placed)],
    }),
  ];
}

function object({ zone, namespace }: GatewayZone, kind: string, spec: Config): Config {
  return { apiVersion: API, kind, metadata: { name: `countersign-${zone.name}`, namespace }, spec };
}

function gatewayRef({ gateway }: GatewayZone): Config {
  return { group: "gateway.networking.k8s.io", kind: "Gateway", name: gateway };
}

function hygiene({ trustedHops }: Zone): Config {
  return {
    path: { escapedSlashesAction: "RejectRequest", disableMergeSlashes: false },
    headers: { withUnderscoresAction: "RejectRequest", xForwardedClientCert: { mode: "Sanitize" } },
    ...(trustedHops > 0 && { clientIPDetection: { xForwardedFor: { numTrustedHops: trustedHops } } }),
    timeout: { http: { requestReceivedTimeout: "60s", idleTimeout: "300s" } },
    connection: { connectionLimit: { value: 10_000 } },
  };
}

function guard({ zone, fetched }: GatewayZone): Config {
  const variables = variablesOf(zone);
  return {
    name: "countersign.guard",
    rootID: "countersign.guard",
    code: { type: "HTTP", http: { url: fetched.url, sha256: fetched.sha256 } },
    config: { stand: "guard", ...guardConfiguration(zone) },
    failOpen: false,
    ...(variables.length > 0 && { env: { hostKeys: variables } }),
  };
}

function check({ zone, service }: GatewayZone): Config {
  const { port } = zone.check.address;
  return { grpc: { backendRefs: [{ ...service, port }] }, failOpen: false };
}

/** The server stands in a namespace of its own, and lets this one call it. */
function referenceGrant({ zone, namespace, service }: GatewayZone): Config {
  return {
    apiVersion: "gateway.networking.k8s.io/v1beta1",
    kind: "ReferenceGrant",
    metadata: { name: `countersign-${zone.name}`, namespace: service.namespace },
    spec: {
      from: [{ group: "gateway.envoyproxy.io", kind: "SecurityPolicy", namespace }],
      to: [{ group: "", kind: "Service", name: service.name }],
    },
  };
}

function checkPatches(placed: GatewayZone): readonly Config[] {
  const own = "..http_filters[?match(@.name, 'envoy.filters.http.ext_authz.*')].typed_config";
  const fields: readonly (readonly [string, ConfigValue])[] = [
    ["encode_raw_headers", true],
    ["include_peer_certificate", true],
    ["include_tls_session", true],
    ["status_on_error", { code: "ServiceUnavailable" }],
    ["grpc_service/timeout", seconds(placed.zone.check.timeoutSeconds)],
  ];
  return fields.map(([path, value]) => patch(placed, { op: "add", jsonPath: own, path, value }));
}

/** To add at an index of a list is to insert before it. */
function stampPatch(placed: GatewayZone): readonly Config[] {
  if (placed.zone.stamps === undefined) return [];
  const router = "..http_filters[?(@.name=='envoy.filters.http.router')]";
  return [patch(placed, { op: "add", jsonPath: router, value: stamp(placed.zone) })];
}

function patch({ namespace, gateway, listener }: GatewayZone, operation: Config): Config {
  return { type: LISTENER, name: `${namespace}/${gateway}/${listener}`, operation };
}
