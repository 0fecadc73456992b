/**
 * In: a resource, a workload and the name of the root namespace. Out: whether the resource speaks of the workload, and
 * on which layer it stands. Pure.
 * Source: Istio `WorkloadSelector` and `PolicyTargetReference`. Services and ServiceEntries in `targetRefs` are a
 * waypoint's matter and never match here, since a check does not say which service was called.
 */
import type { Layer, Workload } from "../model.ts";
import type { Resource, TargetReference } from "./resource.ts";

type Placed = Pick<Resource, "namespace" | "target">;

const GATEWAY_GROUP = "gateway.networking.k8s.io";
/** The label of a workload that stands for a Gateway. */
export const GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name";
/** Istio puts this label on the gateways it runs as waypoints. */
const MANAGED = "gateway.istio.io/managed";
const WAYPOINT = "istio.io-mesh-controller";
/** The GatewayClass by which the root namespace speaks to all waypoints. */
export const WAYPOINT_CLASS = "istio-waypoint";

export function applies(resource: Placed, workload: Workload, rootNamespace: string): boolean {
  const { namespace, target } = resource;
  if (namespace !== workload.namespace && namespace !== rootNamespace) return false;
  const gateway = workload.labels.get(GATEWAY_NAME);
  const waypoint = isWaypoint(workload);
  if (target.targetRefs.length === 0) return !waypoint && selects(target.matchLabels, workload);
  if (gateway === undefined) return false;
  return target.targetRefs.some(
    (ref) =>
      isGateway(ref, gateway, namespace, workload) || (waypoint && namespace === rootNamespace && isWaypointClass(ref)),
  );
}

export function isWaypoint({ labels }: Workload): boolean {
  return labels.has(GATEWAY_NAME) && labels.get(MANAGED) === WAYPOINT;
}

/** Platform: the root namespace. Service: narrowed to some workloads of a namespace. Application: a whole namespace. */
export function layerOf(resource: Placed, rootNamespace: string): Layer {
  if (resource.namespace === rootNamespace) return "platform";
  const { matchLabels, targetRefs } = resource.target;
  return matchLabels.size > 0 || targetRefs.length > 0 ? "service" : "application";
}

function selects(matchLabels: ReadonlyMap<string, string>, workload: Workload): boolean {
  for (const [key, value] of matchLabels) if (workload.labels.get(key) !== value) return false;
  return true;
}

function isGateway(ref: TargetReference, gateway: string, namespace: string, workload: Workload): boolean {
  return (
    ref.kind === "Gateway" &&
    ref.group === GATEWAY_GROUP &&
    ref.name === gateway &&
    namespace === workload.namespace &&
    (ref.namespace === "" || ref.namespace === namespace)
  );
}

function isWaypointClass(ref: TargetReference): boolean {
  return ref.kind === "GatewayClass" && ref.group === GATEWAY_GROUP && ref.name === WAYPOINT_CLASS;
}
