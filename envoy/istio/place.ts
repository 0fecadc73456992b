/**
 * Where a zone's proxies are in an Istio mesh. In: written by `ext-authz/render` out of countersign.zones.yaml, or by a test.
 * Out: read by the makers beside this file. No effects.
 */
import type { Config, SocketAddress, Zone } from "../model.ts";

/** A Kubernetes service by its full name, as Istio knows it: `countersign.countersign-system.svc.cluster.local`. */
export type ServiceHost = string;

export interface IstioZone {
  readonly zone: Zone;
  /** What Istio makes of the proxies: a gateway, or the sidecars of a workload. */
  readonly context: "GATEWAY" | "SIDECAR_INBOUND";
  /** Of the proxies' pods. */
  readonly namespace: string;
  /** Labels of the proxies' pods. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * Where the stamp stands: in the upstream chain of the clusters that lead inside, or right before the router, where the
   * filter comes as a WasmPlugin, or no route rewrites anything.
   */
  readonly stampStand: "upstream" | "router";
}

/** The cluster that Istio itself makes for a service: endpoints and mTLS are the mesh's. */
export function clusterOf({ host, port }: SocketAddress): string {
  return `outbound|${port}||${host}`;
}

/** A Kubernetes object of one of Istio's API groups. */
export function object(apiVersion: string, kind: string, namespace: string, name: string, spec: Config): Config {
  return { apiVersion, kind, metadata: { name, namespace }, spec };
}

/** Names of our objects in the mesh. */
export function nameOf({ zone }: IstioZone): string {
  return `countersign-${zone.name.replaceAll("_", "-")}`;
}

/**
 * Where the filter is in the proxies' pods: a volume that Istio's injection adds (docs/attach.md). Envoy's own fetching does
 * not do in a mesh: of several stands that want the same bytes at once only the first waits for them, the others fail and
 * stay so until the next push; and one that starts before the server can be reached never gets them.
 */
export const mountedFilter = "/etc/countersign/countersign.wasm";
