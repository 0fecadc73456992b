/**
 * PeerAuthentication: on which ports a workload speaks mutual TLS only. In: those that apply to it. Out: a plan, and which
 * of them a request without workload identity offends. Pure.
 * In the mesh STRICT ends plaintext before HTTP; an external authorizer sees only that no identity came, and refuses.
 * Source: Istio `ComposePeerAuthentication`: workload before namespace before mesh, UNSET asks the next wider one.
 * Of several for one scope Istio takes the oldest; files have no age, so the strictest counts.
 */
import type { Layer, PolicyRef, RequestModel, Workload } from "../model.ts";
import type { PeerAuthentication } from "../resources/resource.ts";
import { GATEWAY_NAME, isWaypoint, layerOf } from "../resources/select.ts";
import { canonicalOrder } from "./rule-index/canonical-order.ts";

type Mode = PeerAuthentication["mode"];

export interface PeerPlan {
  /** What makes every port STRICT that `ports` does not name; undefined = plaintext is accepted. */
  readonly strict: PolicyRef | undefined;
  readonly ports: ReadonlyMap<number, PolicyRef | undefined>;
}

interface Demand {
  readonly mode: Mode;
  readonly policy: PeerAuthentication;
}

const STRICTNESS: Readonly<Record<Mode, number>> = { UNSET: 0, DISABLE: 1, PERMISSIVE: 2, STRICT: 3 };

/** @param given those that apply to one workload, in any order */
export function planPeers(given: readonly PeerAuthentication[], rootNamespace: string): PeerPlan {
  const ordered = given.toSorted(canonicalOrder(rootNamespace));
  // Istio ignores a selector in the root namespace: ignored, the mesh's own mode is not loosened by it.
  const on = (layer: Layer): readonly PeerAuthentication[] =>
    ordered.filter(
      (policy) =>
        layerOf(policy, rootNamespace) === layer && (layer !== "platform" || policy.target.matchLabels.size === 0),
    );
  const own = on("service");
  const whole = [own, on("application"), on("platform")]
    .map((scope) => strictest(scope.map((policy) => ({ mode: policy.mode, policy }))))
    .find((demand) => demand !== undefined);
  const ports = new Map<number, PolicyRef | undefined>();
  for (const port of new Set(own.flatMap(({ portLevelMtls }) => [...portLevelMtls.keys()]))) {
    const demands = own.map((policy) => ({ mode: policy.portLevelMtls.get(port) ?? "UNSET", policy }));
    ports.set(port, refOf(strictest(demands) ?? whole, rootNamespace));
  }
  return { strict: refOf(whole, rootNamespace), ports };
}

/** undefined when none of them says anything. */
function strictest(demands: readonly Demand[]): Demand | undefined {
  return demands
    .filter(({ mode }) => mode !== "UNSET")
    .reduce<Demand | undefined>(
      (most, next) => (most === undefined || STRICTNESS[next.mode] > STRICTNESS[most.mode] ? next : most),
      undefined,
    );
}

function refOf(demand: Demand | undefined, rootNamespace: string): PolicyRef | undefined {
  if (demand?.mode !== "STRICT") return undefined;
  const { kind, namespace, name } = demand.policy;
  return { kind, namespace, name, layer: layerOf(demand.policy, rootNamespace), rule: -1 };
}

/** The PeerAuthentication that such a request offends. */
export function unidentifiedPeer({ strict, ports }: PeerPlan, request: RequestModel): PolicyRef | undefined {
  if (request.sourcePrincipal !== undefined || isEdge(request.workload)) return undefined;
  const { port } = request.destination;
  return ports.has(port) ? ports.get(port) : strict;
}

/**
 * A gateway's listeners have the TLS of their Gateway resource: Istio asks PeerAuthentication only of sidecars, waypoints
 * and ztunnels. Clients from outside have no workload identity, so a mesh-wide STRICT would refuse them all.
 */
function isEdge(workload: Workload): boolean {
  const { labels } = workload;
  return (labels.has(GATEWAY_NAME) && !isWaypoint(workload)) || labels.get("istio") === "ingressgateway";
}
