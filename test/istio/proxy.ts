/**
 * A stock Envoy that gets everything from istiod: listeners, routes, clusters and filters come over ADS, as to Istio's
 * own proxies. In: who it is. Out: its ports. Effects: a process with a folder of its own, where its access log is.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Config, socketAddress, typed } from "../../envoy/model.ts";
import { type Child, startChild, startError } from "../../examples/demo/child.ts";
import type { RunningEnvoy } from "../../examples/demo/envoy-process.ts";

const READY_MS = 60_000;
const HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

export interface Identity {
  readonly name: string;
  /** A gateway, or the sidecar of a service. */
  readonly type: "router" | "sidecar";
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Port of what gives it certificates; none unless given. */
  readonly secrets?: number | undefined;
}

export interface IstioProxy extends RunningEnvoy {
  /** The access log, one JSON line per request. */
  readonly log: string;
}

/** @throws StartError when the port is not served in time. */
export async function startProxy(
  who: Identity,
  envoy: string,
  discovery: number,
  port: number,
  parent: string,
): Promise<IstioProxy> {
  const folder = join(parent, who.name);
  await mkdir(folder);
  const file = join(folder, "bootstrap.json");
  const adminFile = join(folder, "admin");
  await writeFile(file, JSON.stringify(bootstrap(who, discovery)));
  const once = ["--disable-hot-restart", "--concurrency", "1", "--file-flush-interval-msec", "50"];
  const args = ["-c", file, "--admin-address-path", adminFile, "--log-level", "warning", ...once];
  const child = startChild(`Envoy ${who.name}`, envoy, args, folder);
  try {
    const admin = await serving(child, adminFile, port);
    return { child, port, admin, log: join(folder, "access.log") };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

async function serving(child: Child, adminFile: string, port: number): Promise<string> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline && child.running()) {
    const address = (await readFile(adminFile, "utf8").catch(() => "")).trim();
    if (address !== "" && (await listens(`http://${address}`, port))) return `http://${address}`;
    await pause(50);
  }
  throw startError(child, child.running() ? `got no listener for port ${port} from istiod` : "ended at start");
}

async function listens(admin: string, port: number): Promise<boolean> {
  const ask = (path: string) => fetch(`${admin}${path}`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
  const ready = await ask("/ready");
  const listeners = await ask("/listeners");
  return ready?.status === 200 && ((await listeners?.text()) ?? "").includes(`:${port}\n`);
}

/**
 * No address of ours may be an endpoint's: istiod would take the proxy for that endpoint's own. So each gets one of the
 * loopback network that nobody listens on.
 */
function bootstrap({ name, type, namespace, labels, secrets }: Identity, discovery: number): Config {
  return {
    node: {
      id: `${type}~127.0.0.99~${name}.${namespace}~${namespace}.svc.cluster.local`,
      cluster: `${name}.${namespace}`,
      metadata: {
        NAMESPACE: namespace,
        LABELS: labels,
        ISTIO_VERSION: "1.31.0",
        CLUSTER_ID: "Kubernetes",
        // Nothing redirects packets on this machine: the sidecar listens where it is told to.
        INTERCEPTION_MODE: "NONE",
      },
    },
    admin: { address: socketAddress({ host: "127.0.0.1", port: 0 }) },
    dynamic_resources: {
      ads_config: {
        api_type: "GRPC",
        transport_api_version: "V3",
        grpc_services: [{ envoy_grpc: { cluster_name: "xds-grpc" } }],
      },
      cds_config: { ads: {}, resource_api_version: "V3" },
      lds_config: { ads: {}, resource_api_version: "V3" },
    },
    static_resources: {
      clusters: [grpc("xds-grpc", discovery), ...(secrets === undefined ? [] : [grpc("sds-grpc", secrets)])],
    },
  };
}

function grpc(name: string, port: number): Config {
  return {
    name,
    type: "STATIC",
    connect_timeout: "1s",
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress({ host: "127.0.0.1", port }) } }] }],
    },
    typed_extension_protocol_options: {
      [HTTP]: typed(HTTP, { explicit_http_config: { http2_protocol_options: {} } }),
    },
  };
}
