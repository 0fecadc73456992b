/** The servers of a description as Kubernetes has them. In: the description, what it names. Out: what their objects are made of. Pure. */
import type { IstioServer } from "../../envoy/istio/server.ts";
import { readAddress } from "./address.ts";
import type { Facts } from "./facts.ts";
import { own } from "./placement.ts";
import type { ReadDescription } from "./read-description.ts";

/** Of the server that decides for the zone. */
export function httpPort(zone: string, { description }: ReadDescription, facts: Facts): number {
  const server = own(description.zones, zone)?.server ?? "";
  return readAddress(facts.servers.get(server)?.settings.listen.http ?? "")?.port ?? 9192;
}

/** Servers that say where they are in Kubernetes, with the files that they need. */
export function kubernetesServers({ description }: ReadDescription, { servers }: Facts): readonly IstioServer[] {
  return Object.entries(description.servers).flatMap(([name, { kubernetes }]): IstioServer[] => {
    const facts = servers.get(name);
    if (kubernetes === undefined || facts === undefined) return [];
    const { namespace, image, replicas = 2 } = kubernetes;
    const { grpc, http } = facts.settings.listen;
    const ports = { grpc: readAddress(grpc)?.port ?? 9191, http: readAddress(http)?.port ?? 9192 };
    return [{ name, namespace, image, replicas, ports, files: Object.fromEntries(facts.files) }];
  });
}
