/**
 * A description to Istio's objects. In: the description, what it names. Out: files, or every problem. Pure. Endpoints and mTLS
 * are the mesh's: the proxies call the server, and fetch the filter from it, by the clusters that Istio makes itself.
 */
import { istioManifests } from "../../envoy/istio/manifests.ts";
import { clusterOf, type IstioZone } from "../../envoy/istio/place.ts";
import type { Keys, Zone } from "../../envoy/model.ts";
import { head, yamlTexts } from "../../envoy/text.ts";
import type { Problem } from "../resources/resource.ts";
import { err, ok, type Result } from "../result.ts";
import type { Facts } from "./facts.ts";
import { httpPort, kubernetesServers } from "./kubernetes.ts";
import { meshPlacement, own } from "./placement.ts";
import type { ReadDescription } from "./read-description.ts";
import type { Rendered } from "./render.ts";
import { zonesOf } from "./zones.ts";

export function istioFiles(read: ReadDescription, facts: Facts, by: string): Result<Rendered, readonly Problem[]> {
  const placed = istioZones(read, facts);
  if (!placed.ok) return placed;
  const files = istioManifests(placed.value, kubernetesServers(read, facts));
  return ok(
    new Map(
      [...files].map(([file, objects]) => {
        const text = `${head(titleOf(file), by)}${yamlTexts(objects)}`;
        return [file, { text, secret: false }] as const;
      }),
    ),
  );
}

/** Zones of the description that stand in the mesh, with the addresses that they have there. */
export function istioZones(read: ReadDescription, facts: Facts): Result<readonly IstioZone[], readonly Problem[]> {
  const { description, problem } = read;
  const zones = zonesOf(read, facts, meshPlacement(description, "istio"));
  if (!zones.ok) return zones;
  const placed = zones.value.flatMap((zone): IstioZone[] => {
    const istio = own(description.zones, zone.name)?.istio;
    if (istio === undefined) return [];
    const { context, namespace, labels, stampStand = "upstream" } = istio;
    return [{ zone: inMesh(zone, httpPort(zone.name, read, facts), facts), context, namespace, labels, stampStand }];
  });
  if (placed.length === 0) return err([problem(["zones"], "no zone says where it is in a mesh", "istio: { … }")]);
  return ok(placed);
}

function inMesh(zone: Zone, http: number, facts: Facts): Zone {
  const operators = { host: zone.check.address.host, port: http };
  const url = `http://${operators.host}:${operators.port}/wasm/countersign.wasm`;
  return {
    ...keysBy(clusterOf(operators), zone),
    filter: { url, cluster: clusterOf(operators), sha256: facts.filterSha256 },
    check: { ...zone.check, cluster: clusterOf(zone.check.address) },
    ...(zone.grants && { grants: { ...zone.grants, routesByOthers: true, cluster: clusterOf(operators) } }),
  };
}

/** Keys are asked for by the mesh's own cluster, too. */
function keysBy(cluster: string, zone: Zone): Zone {
  const asking = <K extends Keys>(ring: K): K =>
    ring.keysFrom === undefined ? ring : { ...ring, keysFrom: { ...ring.keysFrom, cluster } };
  const { accepts, stamps } = zone;
  const [signs, verifies] = [accepts?.responses, stamps?.responses];
  return {
    ...zone,
    accepts: accepts && { ...asking(accepts), ...(signs && { responses: asking(signs) }) },
    stamps: stamps && { ...asking(stamps), ...(verifies && { responses: asking(verifies) }) },
  };
}

function titleOf(file: string): string {
  if (file === "without-envoy-filter/mesh-config.yaml") return "MeshConfig: who CUSTOM policies may ask.";
  if (file.startsWith("without-envoy-filter/")) return "Instead of the EnvoyFilter: WasmPlugins and a CUSTOM policy.";
  if (file.endsWith("-envoy-filter.yaml")) return "Guard, ext_authz and stamp in the proxies of a zone.";
  return "A server that decides: kubectl apply -f this before the filters.";
}
