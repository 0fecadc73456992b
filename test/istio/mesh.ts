/**
 * The demo's parts in an Istio mesh: istiod serves a folder, a stock Envoy is the gateway, another the service's sidecar.
 * The rest is the demo's own: echo, recorder, OIDC provider, two Countersign servers. In: what to put into the folder
 * besides. Out: what the demo's table runs on. Effects: processes and a folder of its own, gone after `stop`.
 */
import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { accessLog } from "../../envoy/access-log.ts";
import { istioManifests } from "../../envoy/istio/manifests.ts";
import type { IstioZone } from "../../envoy/istio/place.ts";
import type { Config } from "../../envoy/model.ts";
import { type Child, startChild } from "../../examples/demo/child.ts";
import { startEcho } from "../../examples/demo/echo.ts";
import { edgeResources, edgeSettings, zoneResources, zoneSettings } from "../../examples/demo/policies.ts";
import { type RunningServer, startServer } from "../../examples/demo/server-process.ts";
import type { Topology } from "../../examples/demo/topology.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { findEnvoy } from "../../setup/envoy.mjs";
import { istioPaths } from "../../setup/istio.mjs";
import { makeFolder } from "../support/folder.ts";
import { CA, first, type Pair } from "../transport/certificates.ts";
import { freePorts } from "./free-ports.ts";
import { startIstiod } from "./istiod.ts";
import { startProxy } from "./proxy.ts";
import { serveSecrets } from "./secrets.ts";
import { gatewayLabels, ordersLabels, service, world } from "./world.ts";
import { checkHost, checkPorts, placedZones, workloadOf } from "./zones.ts";

export interface Mesh extends Topology {
  /** Replaces one file of the folder that istiod reads, or takes it away. */
  change(file: string, documents: readonly object[] | undefined): Promise<void>;
  /** What was rendered for the gateway's and the sidecar's zones, to make changed ones from. */
  readonly zones: readonly IstioZone[];
}

export interface MeshOptions {
  /** Changes what the gateway's and the sidecar's zones are, before anything is made of them. */
  readonly place?: (placed: IstioZone) => IstioZone;
  /** What to put into the folder for them; unless given, the EnvoyFilters. */
  readonly manifests?: (zones: readonly IstioZone[]) => ReadonlyMap<string, readonly object[]>;
  /**
   * For the ways in which no route can say what it is for, nor rewrite a path behind the stamp: the servers' settings name
   * the workload, and clients ask for /orders as the service knows it. The internal token goes on to the service.
   */
  readonly plain?: boolean;
  /** The gateway has this certificate, and the sidecar asks for it; they speak without TLS unless given. */
  readonly mutual?: Pair;
  /** What the sidecar's server holds; the sample's unless given. */
  readonly inside?: (resources: readonly object[]) => readonly object[];
  /** Gateways get only the clusters that their routes need. */
  readonly fewClusters?: boolean;
  /** Further settings of the mesh. */
  readonly mesh?: (zones: readonly IstioZone[]) => Config;
}

const free = { grpc: "127.0.0.1:0", http: "127.0.0.1:0" };

/** What the mesh is told: the path is read as the guard reads it, and access logs say who decided. */
export function meshConfig(): Config {
  const format = accessLog("access.log").typed_config;
  const line = typeof format === "object" && "log_format" in format ? format.log_format : {};
  return {
    rootNamespace: "istio-system",
    trustDomain: "cluster.local",
    pathNormalization: { normalization: "MERGE_SLASHES" },
    // In each proxy's own folder.
    accessLogFile: "access.log",
    accessLogEncoding: "JSON",
    accessLogFormat: JSON.stringify(typeof line === "object" && "json_format" in line ? line.json_format : {}),
  };
}

export async function startMesh(options: MeshOptions = {}): Promise<Mesh> {
  const { place = (placed) => placed, manifests: make = envoyFilters, mesh = () => ({}), plain = false } = options;
  const { mutual, inside: resourcesInside = (resources) => resources, fewClusters = false } = options;
  const folder = await makeFolder();
  const stops: (() => Promise<void>)[] = [() => folder.remove()];
  const stop = async (): Promise<void> => {
    for (let end = stops.pop(); end !== undefined; end = stops.pop()) await end();
  };
  const keep = <T extends { stop(): Promise<void> } | { child: Child }>(part: T): T => {
    stops.push(() => ("child" in part ? part.child.stop() : part.stop()));
    return part;
  };
  try {
    const [{ path: envoy }, [gateway, sidecar]] = await Promise.all([findEnvoy(), freePorts()]);
    const orders = keep(await startEcho());
    const recorder = keep(await startEcho());
    const oidc = keep(startOidc(folder.path));
    const issuer = await oidc.line((line) => /"issuer":"(http:[^"]+)"/.exec(line)?.[1]);
    const told = (resources: readonly object[]) => (plain ? resources.map(plainly) : resources);
    const outside = { ...edgeSettings(free), ...(plain && { workload: workloadOf("edge") }) };
    const edgeServer = keep(await startServer("edge", outside, told(edgeResources(issuer)), folder.path));
    const jwks = `${edgeServer.http}/.well-known/jwks.json`;
    // A sidecar adds nobody to x-forwarded-for: the gateway's entry is the client.
    const clientAddress = { useRemoteAddress: false, xffNumTrustedHops: 0 };
    const inside = { ...zoneSettings(free), clientAddress, ...(plain && { workload: workloadOf("zone") }) };
    const zoneServer = keep(await startServer("zone", inside, resourcesInside(told(zoneResources(jwks))), folder.path));
    const keys = [{ id: "k1", secret: randomBytes(32).toString("base64url") }];
    const zones = placedZones(keys).map(place);
    const manifests = join(folder.path, "manifests");
    await mkdir(manifests);
    const change: Mesh["change"] = (file, documents) => put(folder.path, join(manifests, file), documents);
    const ports = { gateway, sidecar, orders: orders.port, recorder: recorder.port };
    for (const [file, document] of world(ports, { plain, mutual: mutual !== undefined }))
      await change(file, [document]);
    await change("check.yaml", [check("edge", edgeServer), check("zone", zoneServer)]);
    await change("request-authentication.yaml", [...edgeResources(issuer), ...zoneResources(jwks)].flatMap(forIstio));
    for (const [file, documents] of make(zones)) await change(file, documents);
    const settings = { mesh: { ...meshConfig(), ...mesh(zones) }, fewClusters };
    const istiod = keep(await startIstiod(istioPaths().istiod, manifests, settings, folder.path));
    const secretsOf = async (own: Pair) => (mutual === undefined ? undefined : keep(await serveSecrets(own, CA)).port);
    const gatewayProxy = { name: "edge", type: "router", namespace: "edge", labels: gatewayLabels } as const;
    const atGateway = await secretsOf(mutual ?? first);
    const atSidecar = await secretsOf(first);
    const sidecarProxy = { name: "zone", type: "sidecar", namespace: "shop", labels: ordersLabels } as const;
    const zone = keep(
      await startProxy({ ...sidecarProxy, secrets: atSidecar }, envoy, istiod.port, sidecar, folder.path),
    );
    const edge = keep(
      await startProxy({ ...gatewayProxy, secrets: atGateway }, envoy, istiod.port, gateway, folder.path),
    );
    const parts = { keys, issuer, oidc, edgeServer, zoneServer, edge, zone, edgeLog: edge.log, zoneLog: zone.log };
    return { ...parts, zones, change, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export function envoyFilters(zones: readonly IstioZone[]): ReadonlyMap<string, readonly object[]> {
  return new Map([...istioManifests(zones)].filter(([file]) => !file.includes("/")));
}

function check(name: string, server: RunningServer): object {
  return service(`countersign-${name}`, checkHost(name), [
    { number: checkPorts.grpc, protocol: "GRPC", at: server.grpc.port },
    { number: checkPorts.http, protocol: "HTTP", at: Number(new URL(server.http).port) },
  ]);
}

function startOidc(folder: string): Child {
  const program = fileURLToPath(new URL("examples/demo/oidc-process.mjs", packageRoot));
  return startChild("OIDC provider", process.execPath, [program], folder);
}

/** Without the prefix that the gateway takes away elsewhere, and with the token that the stamp covers. */
function plainly(resource: object): object {
  const text = JSON.stringify(resource).replaceAll("/api/", "/");
  const forwarded = text.replaceAll('"fromHeaders"', '"forwardOriginalToken":true,"fromHeaders"');
  const parsed: unknown = JSON.parse(forwarded);
  return typeof parsed === "object" && parsed !== null ? parsed : resource;
}

/**
 * What Istio itself is to check, behind ours: the same issuers and audiences. Not the headers from claims: its filter
 * removes them from requests whose token is gone by then, and with them what ours has set.
 */
function forIstio(resource: object): readonly object[] {
  if (!("kind" in resource) || resource.kind !== "RequestAuthentication" || !("spec" in resource)) return [];
  const { spec } = resource;
  const rules = typeof spec === "object" && spec !== null && "jwtRules" in spec ? spec.jwtRules : [];
  if (!Array.isArray(rules)) return [];
  return [{ ...resource, spec: { jwtRules: rules.map((rule: object) => ({ ...rule, outputClaimToHeaders: [] })) } }];
}

/** Written beside the folder and moved in: istiod reads a file whole or not at all. */
async function put(outside: string, path: string, documents: readonly object[] | undefined): Promise<void> {
  if (documents === undefined) return rm(path);
  const whole = join(outside, "next.yaml");
  await writeFile(
    whole,
    documents.map((document) => stringify(document, { aliasDuplicateObjects: false })).join("---\n"),
  );
  await rename(whole, path);
}
