/**
 * A real Envoy around one filter. In: the binary, the module's bytes. Out: a port to ask and a way to stop.
 * Effects: one process, one temporary folder; both end with `stop`. Envoy chooses its ports.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface EnvoyProcess {
  readonly port: number;
  stop(): Promise<void>;
}
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface EnvoyOptions {
  /** The plugin's. */
  readonly configuration?: string;
  /** Port of a service for requests with `x-upstream`, which is the cluster "keys" as well. */
  readonly service?: number;
  /** Port of a gRPC service: the cluster "grpc". */
  readonly grpc?: number;
  /** Variables of the plugin's VM. */
  readonly environment?: Readonly<Record<string, string>>;
  /** A network filter before a TCP proxy to the service, instead of an HTTP one. */
  readonly tcp?: boolean;
}

export async function startEnvoy(
  binary: string,
  module: Uint8Array,
  rootId: string,
  options: EnvoyOptions = {},
): Promise<EnvoyProcess> {
  const folder = await mkdtemp(join(tmpdir(), "envoy-"));
  const wasm = join(folder, "filter.wasm");
  const adminFile = join(folder, "admin");
  await writeFile(wasm, module);
  await writeFile(join(folder, "envoy.json"), JSON.stringify(bootstrap(wasm, rootId, options)));
  const flags = ["--use-dynamic-base-id", "--concurrency", "1", "--admin-address-path", adminFile, "-l", "error"];
  const child = spawn(binary, ["-c", join(folder, "envoy.json"), ...flags], { stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4000);
  });
  const stop = async () => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { port: await listenerPort(child, adminFile), stop };
  } catch (cause) {
    await stop();
    throw new Error(`Envoy did not start: ${complaints}`, { cause });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await exit;
}

async function listenerPort(child: ChildProcess, adminFile: string): Promise<number> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const admin = await readFile(adminFile, "utf8").catch(() => "");
    const list =
      admin &&
      (await fetch(`http://${admin}/listeners`).then(
        (answer) => answer.text(),
        () => "",
      ));
    const port = /::127\.0\.0\.1:(\d+)/.exec(list)?.[1];
    if (port) return Number(port);
    await pause(20);
  }
  throw new Error("no listener");
}

export function ask(
  port: number,
  headers: readonly (readonly [string, string])[],
  chunks: readonly string[] = [],
  trailers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const framing = chunks.length > 0 ? ["transfer-encoding", "chunked"] : [];
    const flat = ["host", "a", ...framing, ...headers.flat()];
    const sent = request(
      { host: "127.0.0.1", port, path: "/p", method: chunks.length > 0 ? "POST" : "GET", headers: flat },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on("data", (chunk: Buffer) => chunks.push(chunk));
        answer.on("error", reject);
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
        );
      },
    );
    sent.on("error", reject);
    for (const chunk of chunks) sent.write(chunk);
    sent.addTrailers(trailers);
    sent.end();
  });
}

const at = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });
const type = (name: string) => `type.googleapis.com/envoy.extensions.${name}`;

function bootstrap(wasm: string, rootId: string, options: EnvoyOptions): object {
  const { configuration = "", service, grpc, environment } = options;
  const vm = {
    runtime: "envoy.wasm.runtime.v8",
    code: { local: { filename: wasm } },
    ...(environment && { environment_variables: { key_values: environment } }),
  };
  const config = {
    root_id: rootId,
    failure_policy: "FAIL_CLOSED",
    allow_on_headers_stop_iteration: true,
    configuration: { "@type": "type.googleapis.com/google.protobuf.StringValue", value: configuration },
    vm_config: vm,
  };
  const trailers = { http_protocol_options: { enable_trailers: true } };
  const http = { name: "http", typed_config: manager(config, service !== undefined, trailers) };
  const chain = { filters: options.tcp === true ? tcpFilters(config) : [http] };
  return {
    admin: { address: at(0) },
    static_resources: {
      listeners: [{ name: "main", address: at(0), filter_chains: [chain] }],
      clusters: [
        ...(service === undefined ? [] : [cluster("keys", service, trailers)]),
        ...(grpc === undefined ? [] : [cluster("grpc", grpc, { http2_protocol_options: {} })]),
      ],
    },
  };
}

function manager(config: object, hasService: boolean, trailers: object): object {
  const filters = [
    { name: "probe", typed_config: { "@type": type("filters.http.wasm.v3.Wasm"), config } },
    { name: "router", typed_config: { "@type": type("filters.http.router.v3.Router") } },
  ];
  const direct = { match: { prefix: "/" }, direct_response: { status: 204 } };
  const upstream = {
    match: { prefix: "/", headers: [{ name: "x-upstream", present_match: true }] },
    route: { cluster: "keys" },
  };
  return {
    "@type": type("filters.network.http_connection_manager.v3.HttpConnectionManager"),
    stat_prefix: "probe",
    ...trailers,
    route_config: {
      virtual_hosts: [{ name: "all", domains: ["*"], routes: hasService ? [upstream, direct] : [direct] }],
    },
    http_filters: filters,
  };
}

function tcpFilters(config: object): readonly object[] {
  const proxy = { "@type": type("filters.network.tcp_proxy.v3.TcpProxy"), stat_prefix: "probe", cluster: "keys" };
  return [
    { name: "probe", typed_config: { "@type": type("filters.network.wasm.v3.Wasm"), config } },
    { name: "tcp", typed_config: proxy },
  ];
}

function cluster(name: string, port: number, protocol: object): object {
  const options = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
  return {
    name,
    type: "STATIC",
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address: at(port) } }] }] },
    typed_extension_protocol_options: {
      [options]: { "@type": type("upstreams.http.v3.HttpProtocolOptions"), explicit_http_config: protocol },
    },
  };
}
