/** What a configuration says it is: the message name in its `@type`, through TypedStruct too. Pure. */
import { child, type Frame, isRecord, textOf } from "./frame.ts";

const HTTP = "envoy.extensions.filters.http";

/** Message names that checks ask for (Envoy's v3 API). */
export const TYPES = {
  manager: "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
  extAuthz: `${HTTP}.ext_authz.v3.ExtAuthz`,
  extAuthzPerRoute: `${HTTP}.ext_authz.v3.ExtAuthzPerRoute`,
  networkExtAuthz: "envoy.extensions.filters.network.ext_authz.v3.ExtAuthz",
  wasm: `${HTTP}.wasm.v3.Wasm`,
  networkWasm: "envoy.extensions.filters.network.wasm.v3.Wasm",
  lua: `${HTTP}.lua.v3.Lua`,
  luaPerRoute: `${HTTP}.lua.v3.LuaPerRoute`,
  rbac: `${HTTP}.rbac.v3.RBAC`,
  networkRbac: "envoy.extensions.filters.network.rbac.v3.RBAC",
  jwt: `${HTTP}.jwt_authn.v3.JwtAuthentication`,
  router: `${HTTP}.router.v3.Router`,
  upstreamCodec: `${HTTP}.upstream_codec.v3.UpstreamCodec`,
  withMatcher: "envoy.extensions.common.matching.v3.ExtensionWithMatcher",
  withMatcherPerRoute: "envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute",
  composite: `${HTTP}.composite.v3.Composite`,
  compositePerRoute: `${HTTP}.composite.v3.CompositePerRoute`,
  executeFilter: `${HTTP}.composite.v3.ExecuteFilterAction`,
  filterStateInput: "envoy.extensions.matching.common_inputs.network.v3.FilterStateInput",
  downstreamTls: "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
  httpOptions: "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
  filterConfig: "envoy.config.route.v3.FilterConfig",
  cluster: "envoy.config.cluster.v3.Cluster",
  listenersDump: "envoy.admin.v3.ListenersConfigDump",
} as const;

export interface Typed {
  readonly type: string;
  readonly config: Frame;
}

/** Undefined where nothing says its type. */
export function typedAt(frame: Frame | undefined): Typed | undefined {
  if (frame === undefined || !isRecord(frame.value) || !Object.hasOwn(frame.value, "@type")) return undefined;
  const type = messageName(textOf(child(frame, "@type")));
  const inner = type.endsWith(".TypedStruct") ? child(frame, "value") : undefined;
  return inner === undefined
    ? { type, config: frame }
    : { type: messageName(textOf(child(frame, "type_url"))), config: inner };
}

function messageName(url = ""): string {
  return url.slice(url.lastIndexOf("/") + 1);
}
