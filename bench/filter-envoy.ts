/**
 * The Envoy of the filter's bench: one process, one worker, a listener for each variant. In: the modules' files, a key. Out: the
 * bootstrap, and the variants by name. Direct responses show the filter alone; the proxied ones need an upstream, where
 * the stamp stands by default. No effects.
 */
import { type Config, socketAddress, typed } from "../envoy/model.ts";

const HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const anywhere = socketAddress({ host: "127.0.0.1", port: 0 });

export interface Variant {
  readonly name: string;
  /** The one that it is compared with. */
  readonly base: string;
  /** What the listener's chain holds before the router. */
  readonly filters: readonly Config[];
  /** Filters of the cluster behind it; absent = Envoy answers itself. */
  readonly upstream?: readonly Config[];
}

export interface Modules {
  readonly filter: string;
  readonly noop: string;
  /** base64url. */
  readonly secret: string;
}

export function variants({ filter, noop, secret }: Modules): readonly Variant[] {
  const keys = [{ id: "k1", secret }];
  const edge = {
    stand: "guard",
    zone: "edge",
    inbound: "edge",
    ownedHeaders: ["x-countersign-*", "txn-token", "x-user-id", "x-client-*", "x-envoy-peer-metadata*"],
    path: { normalization: "MERGE_SLASHES" },
  };
  const sign = { lifetimeSeconds: 30, token: "authorization", sign: "k1", keys };
  const stand = (name: string, configuration: Config, file = filter) => wasm(name, file, configuration);
  const nothing = stand("guard", {}, noop);
  const guard = stand("guard", edge);
  const shaped = stand("guard", { ...edge, token: { check: true, required: true } });
  const signing = stand("guard", { ...edge, sign });
  const stamp = stand("stamp", { stand: "stamp", zone: "edge", ...sign });
  const inner = { ...edge, zone: "inner", inbound: "zone", stamp: { zones: ["edge"], token: "authorization", keys } };
  return [
    { name: "bare", base: "bare", filters: [] },
    { name: "no-op", base: "bare", filters: [nothing] },
    { name: "guard", base: "bare", filters: [guard] },
    { name: "guard, token shape", base: "bare", filters: [shaped] },
    { name: "guard signs", base: "bare", filters: [signing] },
    { name: "guard, stamp stand", base: "bare", filters: [guard, stamp] },
    { name: "guard signs, inner guard verifies", base: "bare", filters: [signing, stand("guard", inner)] },
    { name: "proxied", base: "proxied", filters: [], upstream: [] },
    { name: "proxied, guard signs", base: "proxied", filters: [signing], upstream: [] },
    { name: "proxied, guard, upstream stamp", base: "proxied", filters: [guard], upstream: [stamp] },
  ];
}

/** @param upstreamPort a listener of this Envoy that answers: the bare one, once its port is known. */
export function bootstrap(all: readonly Variant[], upstreamPort: number): Config {
  return {
    node: { id: "bench", cluster: "countersign" },
    admin: { address: anywhere },
    static_resources: {
      listeners: [upstream(upstreamPort), ...all.map(listener)],
      clusters: all.flatMap((variant) => (variant.upstream ? [cluster(variant, variant.upstream, upstreamPort)] : [])),
    },
  };
}

function wasm(stand: string, filename: string, configuration: Config): Config {
  const id = `countersign.${stand}`;
  return {
    name: id,
    typed_config: typed("envoy.extensions.filters.http.wasm.v3.Wasm", {
      config: {
        name: id,
        root_id: id,
        failure_policy: "FAIL_RELOAD",
        configuration: typed("google.protobuf.StringValue", { value: JSON.stringify(configuration) }),
        vm_config: { vm_id: "bench", runtime: "envoy.wasm.runtime.v8", code: { local: { filename } } },
      },
    }),
  };
}

/** Says what stamp a request bore, so that the bench can see that it holds before it is timed. */
const answer: Config = {
  match: { prefix: "/" },
  direct_response: { status: 200 },
};

function upstream(port: number): Config {
  return served("upstream", [], answer, socketAddress({ host: "127.0.0.1", port }));
}

function listener({ name, filters, upstream }: Variant): Config {
  return served(name, filters, upstream ? { match: { prefix: "/" }, route: { cluster: name } } : answer, anywhere);
}

function served(name: string, filters: readonly Config[], route: Config, address: Config): Config {
  const manager = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: "bench",
    normalize_path: true,
    merge_slashes: true,
    generate_request_id: false,
    http_filters: [
      ...filters,
      { name: "envoy.filters.http.router", typed_config: typed("envoy.extensions.filters.http.router.v3.Router", {}) },
    ],
    route_config: { name, virtual_hosts: [{ name, domains: ["*"], routes: [route] }] },
  });
  return {
    name,
    address,
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}

function cluster({ name }: Variant, filters: readonly Config[], port: number): Config {
  const codec = typed("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec", {});
  return {
    name,
    type: "STATIC",
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress({ host: "127.0.0.1", port }) } }] }],
    },
    typed_extension_protocol_options: {
      [HTTP]: typed(HTTP, {
        explicit_http_config: { http_protocol_options: {} },
        http_filters: [...filters, { name: "envoy.filters.http.upstream_codec", typed_config: codec }],
      }),
    },
  };
}
