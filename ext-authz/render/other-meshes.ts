/** A description to the objects of Envoy Gateway and of Kuma. In: the description, what it names. Out: files, or every problem. Pure. */
import { type GatewayZone, gatewayObjects } from "../../envoy/gateway-api/objects.ts";
import { serverObjects } from "../../envoy/istio/server.ts";
import { meshProxyPatch } from "../../envoy/kuma/mesh-proxy-patch.ts";
import type { Config, Zone } from "../../envoy/model.ts";
import { head, yamlTexts } from "../../envoy/text.ts";
import type { Problem } from "../resources/resource.ts";
import { err, ok, type Result } from "../result.ts";
import type { Facts } from "./facts.ts";
import { httpPort, kubernetesServers } from "./kubernetes.ts";
import { gatewayPlacement, meshPlacement, own } from "./placement.ts";
import type { ReadDescription } from "./read-description.ts";
import type { Rendered } from "./render.ts";
import { zonesOf } from "./zones.ts";

export function gatewayFiles(read: ReadDescription, facts: Facts, by: string): Result<Rendered, readonly Problem[]> {
  const { description, problem } = read;
  const zones = zonesOf(read, facts, gatewayPlacement(description));
  if (!zones.ok) return zones;
  if (zones.value.length === 0)
    return err([problem(["zones"], "no zone says which Gateway it is", "envoyGateway: { … }")]);
  const title = "Beside the Gateway: guard, check, hygiene, and what only a patch can say.";
  const objects = zones.value.map((zone) =>
    file(`${zone.name}.yaml`, gatewayObjects(placed(zone, read, facts)), title, by),
  );
  return ok(new Map([...servers(read, facts, by), ...objects]));
}

function placed(zone: Zone, read: ReadDescription, facts: Facts): GatewayZone {
  const described = own(read.description.zones, zone.name);
  const { namespace = "", gateway = "", listener = "http" } = described?.envoyGateway ?? {};
  const server = described?.server ?? "";
  const { host } = zone.check.address;
  const url = `http://${host}:${httpPort(zone.name, read, facts)}/wasm/countersign.wasm`;
  const service = { name: server, namespace: own(read.description.servers, server)?.kubernetes?.namespace ?? "" };
  return { zone, namespace, gateway, listener, fetched: { url, sha256: facts.filterSha256 }, service };
}

export function kumaFiles(read: ReadDescription, facts: Facts, by: string): Result<Rendered, readonly Problem[]> {
  const { description, problem } = read;
  const zones = zonesOf(read, facts, meshPlacement(description, "kuma"));
  if (!zones.ok) return zones;
  if (zones.value.length === 0) return err([problem(["zones"], "no zone says where it is in a mesh", "kuma: { … }")]);
  const patches = zones.value.map((zone) => {
    const { mesh = "default", labels = {} } = own(description.zones, zone.name)?.kuma ?? {};
    const title = "Guard, ext_authz and stamp in the proxies of a zone.";
    const grants = zone.grants && { grants: { ...zone.grants, routesByOthers: true } };
    const patched = meshProxyPatch({ zone: { ...zone, ...grants }, mesh, labels });
    return file(`${zone.name}-mesh-proxy-patch.yaml`, [patched], title, by);
  });
  return ok(new Map([...servers(read, facts, by), ...patches]));
}

/** The same Deployment as under Istio, without Istio's own object. */
function servers(read: ReadDescription, facts: Facts, by: string): Rendered {
  const title = "A server that decides: kubectl apply -f this before the filters.";
  return new Map(
    kubernetesServers(read, facts).map((server) => {
      const objects = serverObjects(server).filter(({ kind }) => kind !== "PeerAuthentication");
      return file(`${server.name}.yaml`, objects, title, by);
    }),
  );
}

function file(name: string, objects: readonly Config[], title: string, by: string) {
  return [name, { text: `${head(title, by)}${yamlTexts(objects)}`, secret: false }] as const;
}
