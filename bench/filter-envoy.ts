/**
 * The Envoy of the filter's bench: one process, one worker, two listeners for each variant: one to be timed, one that shows what
 * its requests became. In: the modules' files, a key, two free ports. Out: the bootstrap. Direct responses show the
 * filter alone; the proxied variants have the upstream where the stamp stands by default. No effects.
 */
import { type Config, type SocketAddress, socketAddress, typed } from "../envoy/model.ts";

const HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
const local = (port: number): SocketAddress => ({ host: "127.0.0.1", port });

export interface Modules {
  readonly filter: string;
  readonly noop: string;
  /** base64url. */
  readonly secret: string;
}

export interface Variant {
  readonly name: string;
  /** The one that its cost is told against: the difference is what was added. */
  readonly before: string;
  readonly filters: readonly Config[];
  /** Filters of the cluster behind it; absent = Envoy answers itself. */
  readonly upstream?: readonly Config[];
  readonly guards: boolean;
  readonly signs: boolean;
}

/** The bare ones, which ratios are taken of. */
export const BARE = "bare";
export const PROXIED = "proxied";

export function variants(modules: Modules): readonly Variant[] {
  const { nothing, guard, shaped, signing, stamp } = stands(modules);
  const plain = { guards: false, signs: false };
  const guarded = { guards: true, signs: false };
  const signed = { guards: true, signs: true };
  return [
    { name: BARE, before: BARE, filters: [], ...plain },
    { name: "no-op", before: BARE, filters: [nothing], ...plain },
    { name: "guard", before: "no-op", filters: [guard], ...guarded },
    { name: "guard with token check", before: "guard", filters: [shaped], ...guarded },
    { name: "guard signs", before: "guard", filters: [signing], ...signed },
    { name: "guard and stamp stand", before: "guard", filters: [guard, stamp], ...signed },
    { name: PROXIED, before: PROXIED, filters: [], upstream: [], ...plain },
    { name: "proxied, guard signs", before: PROXIED, filters: [signing], upstream: [], ...signed },
    { name: "proxied, guard, upstream stamp", before: PROXIED, filters: [guard], upstream: [stamp], ...signed },
  ];
}

export interface Ports {
  /** Answers at once. */
  readonly plain: number;
  /** Verifies stamps, and says what it saw. */
  readonly inner: number;
}

export function bootstrap(modules: Modules, all: readonly Variant[], ports: Ports): Config {
  const { inner } = stands(modules);
  const behind = all.filter(({ upstream }) => upstream !== undefined);
  return {
    node: { id: "bench", cluster: "countersign" },
    admin: { address: socketAddress(local(0)) },
    static_resources: {
      listeners: [
        listener("plain", [], answer, local(ports.plain)),
        listener("inner", [inner], shown, local(ports.inner)),
        ...all.flatMap(({ name, filters, upstream, signs }) => [
          listener(name, filters, upstream ? to(name) : answer, local(0)),
          listener(
            checked(name),
            upstream || !signs ? filters : [...filters, inner],
            upstream ? to(checked(name)) : shown,
            local(0),
          ),
        ]),
      ],
      clusters: behind.flatMap(({ name, upstream, signs }) => [
        cluster(name, upstream ?? [], local(ports.plain)),
        cluster(checked(name), upstream ?? [], local(signs ? ports.inner : ports.plain)),
      ]),
    },
  };
}

/** The listener of a variant that is not timed. */
export function checked(name: string): string {
  return `${name}, checked`;
}

function stands({
  filter,
  noop,
  secret,
}: Modules): Record<"nothing" | "guard" | "shaped" | "signing" | "stamp" | "inner", Config> {
  const keys = [{ id: "k1", secret }];
  const edge = {
    stand: "guard",
    zone: "edge",
    inbound: "edge",
    ownedHeaders: ["x-countersign-*", "txn-token", "x-user-id", "x-client-*", "x-envoy-peer-metadata*"],
    path: { normalization: "MERGE_SLASHES" },
  };
  const sign = { lifetimeSeconds: 30, token: "authorization", sign: "k1", keys };
  return {
    nothing: wasm("guard", noop, {}),
    guard: wasm("guard", filter, edge),
    shaped: wasm("guard", filter, { ...edge, token: { check: true, required: true } }),
    signing: wasm("guard", filter, { ...edge, sign }),
    stamp: wasm("stamp", filter, { stand: "stamp", zone: "edge", ...sign }),
    inner: wasm("guard", filter, {
      ...{ ...edge, zone: "inner", inbound: "zone" },
      stamp: { zones: ["edge"], token: "authorization", keys },
    }),
  };
}

function wasm(stand: "guard" | "stamp", filename: string, configuration: Config): Config {
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

const answer: Config = { match: { prefix: "/" }, direct_response: { status: 200 } };
const shown: Config = {
  ...answer,
  response_headers_to_add: ["x-user-id", "x-countersign-zone"].map((name) => ({
    header: { key: `seen-${name}`, value: `%REQ(${name})%` },
  })),
};
const to = (name: string): Config => ({ match: { prefix: "/" }, route: { cluster: name } });

function listener(name: string, filters: readonly Config[], route: Config, address: SocketAddress): Config {
  const router = typed("envoy.extensions.filters.http.router.v3.Router", {});
  const manager = typed("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager", {
    stat_prefix: "bench",
    normalize_path: true,
    merge_slashes: true,
    generate_request_id: false,
    http_filters: [...filters, { name: "envoy.filters.http.router", typed_config: router }],
    route_config: { name, virtual_hosts: [{ name, domains: ["*"], routes: [route] }] },
  });
  return {
    name,
    address: socketAddress(address),
    filter_chains: [{ filters: [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }] }],
  };
}

function cluster(name: string, filters: readonly Config[], address: SocketAddress): Config {
  const codec = typed("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec", {});
  return {
    name,
    type: "STATIC",
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(address) } }] }],
    },
    typed_extension_protocol_options: {
      [HTTP]: typed(HTTP, {
        explicit_http_config: { http_protocol_options: {} },
        http_filters: [...filters, { name: "envoy.filters.http.upstream_codec", typed_config: codec }],
      }),
    },
  };
}
