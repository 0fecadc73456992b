/**
 * Where the parts find each other. In: a description. Out: addresses for one kind of place: plain hosts, or a Kubernetes
 * mesh, in which zones, servers and services have names of their own. Pure.
 */
import type { SocketAddress } from "../../envoy/model.ts";
import type { Path } from "../resources/field-path.ts";
import { readAddress } from "./address.ts";
import type { Description } from "./description.ts";

/** A missing or wrong address, at its place in the file. */
export interface Misplaced {
  readonly path: Path;
  readonly message: string;
  readonly hint?: string;
}

export interface Placement {
  /** Whether the zone is there at all: a mesh may have some of the zones only. */
  readonly has: (zone: string) => boolean;
  readonly zone: (name: string) => SocketAddress | Misplaced;
  readonly service: (name: string) => SocketAddress | Misplaced;
  readonly server: (name: string) => string | Misplaced;
  /** Whether a configuration may hold secrets: files on a proxy's own disk may, objects that travel must not. */
  readonly mayHoldSecrets: boolean;
  /** Whether there is a cluster by which stands ask the server for keys. */
  readonly hasKeysCluster: boolean;
  /** Whether a guard may hold a request back until its body is there. */
  readonly givesBodies: boolean;
  /** Whether the zone's stamp stands before the router, and so sees what every route answers. */
  readonly stampSeesAll: (zone: string) => boolean;
}

export function plainPlacement({ zones, servers, services }: Description): Placement {
  return {
    has: () => true,
    zone(name) {
      const zone = own(zones, name);
      const listen = parsed(zone?.listen, ["zones", name, "listen"]);
      if (zone?.address !== undefined) return parsed(zone.address, ["zones", name, "address"]);
      return "path" in listen ? listen : { host: name, port: listen.port };
    },
    service: (name) => parsed(own(services, name)?.address, ["services", name, "address"]),
    server: (name) => own(servers, name)?.host ?? name,
    mayHoldSecrets: true,
    hasKeysCluster: true,
    givesBodies: true,
    stampSeesAll: () => false,
  };
}

export function meshPlacement({ zones, servers, services }: Description, mesh: "istio" | "kuma"): Placement {
  return {
    has: (zone) => own(zones, zone)?.[mesh] !== undefined,
    zone: (name) => parsed(own(zones, name)?.[mesh]?.address, ["zones", name, mesh, "address"]),
    service: (name) => parsed(own(services, name)?.kubernetes?.address, ["services", name, "kubernetes", "address"]),
    server(name) {
      const kubernetes = own(servers, name)?.kubernetes;
      if (kubernetes === undefined) return { path: ["servers", name, "kubernetes"], message: "is missing" };
      return `${name}.${kubernetes.namespace}.svc.cluster.local`;
    },
    mayHoldSecrets: false,
    hasKeysCluster: true,
    givesBodies: true,
    stampSeesAll: (zone) => mesh === "istio" && own(zones, zone)?.istio?.stampStand === "router",
  };
}

/** Envoy Gateway finds upstreams by its own routes; our cluster names do not matter there. */
export function gatewayPlacement(description: Description): Placement {
  const { server } = meshPlacement(description, "istio");
  const has: Placement["has"] = (zone) => own(description.zones, zone)?.envoyGateway !== undefined;
  const unable = { mayHoldSecrets: false, hasKeysCluster: false, givesBodies: false, stampSeesAll: () => true };
  return { ...plainPlacement(description), has, server, ...unable };
}

/** Names are what people chose: `constructor` is one. */
export function own<T>(members: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return members !== undefined && Object.hasOwn(members, name) ? members[name] : undefined;
}

function parsed(text: string | undefined, path: Path): SocketAddress | Misplaced {
  if (text === undefined) return { path, message: "is missing" };
  return readAddress(text) ?? { path, message: "has no port", hint: "0 to 65535" };
}
