/**
 * The demo's parts, started in order and stopped in reverse: echo, recorder, OIDC provider, Countersign for edge and zone,
 * Envoy for zone and edge. In: an Envoy binary and a folder of our own. Out: where everything listens. Effects: processes
 * and files in that folder; all ports are free ones on loopback. The end-to-end tests start the same parts.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { bootstrap } from "../../envoy/bootstrap.ts";
import type { Config, SharedKey, Zone } from "../../envoy/model.ts";
import { edgeZone, innerZone } from "../../envoy/samples.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { type Child, startChild } from "./child.ts";
import { type Echo, startEcho } from "./echo.ts";
import { type RunningEnvoy, startEnvoy } from "./envoy-process.ts";
import { edgeResources, edgeSettings, zoneResources, zoneSettings } from "./policies.ts";
import { type RunningServer, startServer } from "./server-process.ts";

export interface Topology {
  /** The sender of what the demo makes itself: the key ring of edge and zone. */
  readonly keys: readonly SharedKey[];
  readonly issuer: string;
  readonly oidc: Child;
  readonly edgeServer: RunningServer;
  readonly zoneServer: RunningServer;
  readonly edge: RunningEnvoy;
  readonly zone: RunningEnvoy;
  /** Access logs, one JSON line per request. */
  readonly edgeLog: string;
  readonly zoneLog: string;
  stop(): Promise<void>;
}

export interface Options {
  /** The Envoy binary. */
  readonly envoy: string;
  /** Empty, ours alone; the caller removes it. */
  readonly folder: string;
  readonly say: (text: string) => void;
  /** The compiled filter; default: the one that was built here. */
  readonly filter?: string;
  /** How long an Envoy waits for a check; default: as in the samples. Longer where a busy machine must not matter. */
  readonly checkTimeoutSeconds?: number;
  /** False: every request is asked for; default: as in the samples. */
  readonly grants?: boolean;
  /** Further settings of the two servers. */
  readonly edgeServer?: object;
  readonly zoneServer?: object;
  /** Another Envoy configuration than the samples' own. */
  readonly change?: (zone: "edge" | "zone", config: Config) => Config;
}

const builtFilter = fileURLToPath(new URL("wasm-filter/build/countersign.wasm", packageRoot));
const local = (port: number) => ({ host: "127.0.0.1", port });
const free = { grpc: "127.0.0.1:0", http: "127.0.0.1:0" };

/** @throws StartError naming the part that did not come up; whatever had started is stopped again. */
export async function startTopology(options: Options): Promise<Topology> {
  const { envoy, folder, say, filter = builtFilter, change = (_, config) => config } = options;
  const patient = ({ grants, ...zone }: Zone): Zone => {
    const timeoutSeconds = options.checkTimeoutSeconds ?? zone.check.timeoutSeconds;
    const check = { ...zone.check, timeoutSeconds };
    return { ...zone, filter, check, ...(grants && options.grants !== false && { grants }) };
  };
  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (let end = stops.pop(); end !== undefined; end = stops.pop()) await end();
  };
  const keep = <T extends { stop(): Promise<void> } | { child: Child }>(part: T): T => {
    stops.push(() => ("child" in part ? part.child.stop() : part.stop()));
    return part;
  };
  try {
    const orders = keep(await startEcho());
    const recorder = keep(await startEcho());
    say("OIDC provider");
    const oidc = keep(startOidc(folder));
    const issuer = await oidc.line(issuerOf);
    say("Countersign at the edge and in the zone");
    const edgeServer = keep(
      await startServer("edge", { ...edgeSettings(free), ...options.edgeServer }, edgeResources(issuer), folder),
    );
    const jwks = `${edgeServer.http}/.well-known/jwks.json`;
    const zoneServer = keep(
      await startServer("zone", { ...zoneSettings(free), ...options.zoneServer }, zoneResources(jwks), folder),
    );
    say("Envoy at the edge and in the zone");
    const keys = [{ id: "k1", secret: randomBytes(32).toString("base64url") }];
    const zoneLog = join(folder, "zone.log");
    const inner = innerDescription(keys, zoneServer, orders, zoneLog);
    const zone = keep(await startEnvoy("zone", envoy, change("zone", bootstrap(patient(inner))), folder));
    const edgeLog = join(folder, "edge.log");
    const outer = edgeDescription(keys, edgeServer, zone, recorder, edgeLog);
    const edge = keep(await startEnvoy("edge", envoy, change("edge", bootstrap(patient(outer))), folder));
    return { keys, issuer, oidc, edgeServer, zoneServer, edge, zone, edgeLog, zoneLog, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startOidc(folder: string): Child {
  const program = fileURLToPath(new URL("examples/demo/oidc-process.mjs", packageRoot));
  return startChild("OIDC provider", process.execPath, [program], folder);
}

function issuerOf(line: string): string | undefined {
  return /^\{"msg":"listening","issuer":"(http:[^"]+)"\}$/.exec(line)?.[1];
}

function here(accessLog: string) {
  return { listener: local(0), admin: local(0), accessLog };
}

function grantsOf({ grants }: Zone, server: RunningServer): Pick<Zone, "grants"> {
  const { hostname, port } = new URL(server.http);
  return grants === undefined ? {} : { grants: { ...grants, address: { host: hostname, port: Number(port) } } };
}

function innerDescription(keys: readonly SharedKey[], server: RunningServer, orders: Echo, log: string): Zone {
  const sample = innerZone(keys);
  return {
    ...sample,
    ...here(log),
    check: { ...sample.check, address: server.grpc },
    ...grantsOf(sample, server),
    upstreams: [{ name: "orders", address: local(orders.port), stamp: false }],
  };
}

/**
 * As in `envoy/edge.yaml`, and one route more: `/api/recorded/` is stamped like every other and ends at the recorder, who
 * stands for somebody that reads along between edge and zone.
 */
function edgeDescription(
  keys: readonly SharedKey[],
  server: RunningServer,
  zone: RunningEnvoy,
  recorder: Echo,
  log: string,
): Zone {
  const sample = edgeZone(keys);
  const recorded = sample.routes.map((route) => ({
    ...route,
    prefix: "/api/recorded/",
    upstream: "recorder",
  }));
  return {
    ...sample,
    ...here(log),
    check: { ...sample.check, address: server.grpc },
    ...grantsOf(sample, server),
    routes: [...recorded, ...sample.routes],
    upstreams: [
      { name: "zone", address: local(zone.port), stamp: true },
      { name: "recorder", address: local(recorder.port), stamp: true },
    ],
  };
}
