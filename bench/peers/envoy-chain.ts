/**
 * The Envoys of the bench: the listener that we ship, and in it one chain of filters for each subject. In: filters, a server
 * that answers Check. Out: bootstraps. Envoy answers itself and says what the two headers had become, so that answers can be
 * checked; the access log is left out everywhere. No effects.
 */
import { bootstrap } from "../../envoy/bootstrap.ts";
import { clusters } from "../../envoy/cluster.ts";
import { contextName, routeContext } from "../../envoy/ext-authz.ts";
import { connectionManager, listener, router } from "../../envoy/listener.ts";
import {
  type Config,
  type ConfigValue,
  type SocketAddress,
  seconds,
  socketAddress,
  typed,
  type Zone,
} from "../../envoy/model.ts";
import { defaultTokenCheck } from "../../envoy/samples.ts";
import type { CheckServer } from "./check-server.ts";
import { workload } from "./countersign.ts";
import { HEADERS } from "./work.ts";

/** Long: a loaded core must not turn into refusals. */
const CHECK_SECONDS = 5;
const anywhere = { host: "127.0.0.1", port: 0 };

/** Any filters before the router; `check`: the server that ext_authz among them asks. */
export function chain(name: string, filters: readonly Config[], check?: CheckServer): Config {
  const zone = zoneOf(name, "", check ?? anywhere);
  return whole(zone, [...filters, router], check === undefined ? [] : clusters(zone), {});
}

/** Stock ext_authz as Envoy's documentation has it. */
export function extAuthz(): Config {
  return {
    name: "envoy.filters.http.ext_authz",
    typed_config: typed("envoy.extensions.filters.http.ext_authz.v3.ExtAuthz", {
      transport_api_version: "V3",
      grpc_service: { envoy_grpc: { cluster_name: "countersign" }, timeout: seconds(CHECK_SECONDS) },
      failure_mode_allow: false,
    }),
  };
}

/**
 * Ours: what our own description makes of a zone, but for the answer.
 * @param filter the compiled Wasm module; @param granting whether the guard repeats decisions
 */
export function ours(name: string, filter: string, check: CheckServer, granting: boolean): Config {
  const asking = zoneOf(name, filter, check);
  const zone = granting ? { ...asking, grants: { address: httpSide(check) } } : asking;
  const shipped = bootstrap(zone);
  return whole(zone, list(shipped, "http_filters"), list(shipped, "clusters"), routeContext(workload));
}

function httpSide({ http }: CheckServer): SocketAddress {
  const { hostname, port } = new URL(http ?? "");
  return { host: hostname, port: Number(port) };
}

function zoneOf(name: string, filter: string, { host, port }: { readonly host: string; readonly port: number }): Zone {
  return {
    ...{ name, inbound: "edge", filter, accessLog: "/dev/null", trustedHops: 0, token: defaultTokenCheck },
    ...{ accepts: undefined, stamps: undefined, upstreams: [], routes: [] },
    ...{ listener: anywhere, admin: anywhere, check: { address: { host, port }, timeoutSeconds: CHECK_SECONDS } },
    ownedHeaders: ["x-countersign-*", "txn-token", ...HEADERS.map(([header]) => header)],
  };
}

function whole(zone: Zone, filters: readonly Config[], known: readonly Config[], perRoute: Config): Config {
  const { access_log: _, ...manager } = connectionManager(zone, filters, answers(perRoute));
  return {
    node: { id: zone.name, cluster: "bench" },
    admin: { address: socketAddress(zone.admin) },
    static_resources: { listeners: [listener(zone, manager)], clusters: known },
  };
}

/** A 200 without a body, and beside it the headers that the filters set. */
function answers(perRoute: Config): Config {
  const said = HEADERS.map(([header]) => ({ header: { key: `saw-${header}`, value: `%REQ(${header})%` } }));
  const answer = { match: { prefix: "/" }, direct_response: { status: 200 }, response_headers_to_add: said };
  const route = { name: contextName(workload), ...answer, typed_per_filter_config: perRoute };
  return { name: "answers", virtual_hosts: [{ name: "answers", domains: ["*"], routes: [route] }] };
}

/** The first list of that name, however deep it lies. @throws when there is none: the description has changed. */
function list(config: Config, name: string): readonly Config[] {
  const found = search(config, name);
  if (found === undefined) throw new Error(`our Envoy configuration has no ${name}`);
  return found;
}

function search(value: ConfigValue, name: string): readonly Config[] | undefined {
  if (typeof value !== "object") return undefined;
  for (const [key, inner] of Object.entries(value)) {
    if (key === name && isList(inner)) return inner;
    const found = search(inner, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isList(value: ConfigValue): value is readonly Config[] {
  return Array.isArray(value);
}
