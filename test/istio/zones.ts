/**
 * The sample's zones in the mesh, as `countersign render --target istio` places them, and changed for a test. In: keys. Out:
 * descriptions for the makers in `envoy/istio/`. No effects.
 */
import { fileURLToPath } from "node:url";
import { clusterOf, type IstioZone } from "../../envoy/istio/place.ts";
import type { Config, StampKey } from "../../envoy/model.ts";
import { sample, sampleFacts } from "../../envoy/samples.ts";
import { packageRoot } from "../../ext-authz/config/package-root.ts";
import { istioZones } from "../../ext-authz/render/istio.ts";
import { recorderHost, servicePort } from "./world.ts";

/** On this machine the module is where it was built, not where pods mount it. */
const filter = fileURLToPath(new URL("wasm-filter/build/countersign.wasm", packageRoot));

/** The server's ports, as the sample has them. */
export const checkPorts = { grpc: 9191, http: 9192 } as const;

export function checkHost(zone: string): string {
  return `countersign-${zone}.countersign-system.svc.cluster.local`;
}

/**
 * The gateway's and the sidecar's. A stamp leads to the recorder as well; five seconds for a check, since a busy machine must
 * not matter.
 */
export function placedZones(keys: readonly StampKey[]): readonly IstioZone[] {
  const placed = istioZones(sample, sampleFacts);
  if (!placed.ok) throw new Error(`the sample cannot be placed: ${JSON.stringify(placed.error)}`);
  return placed.value.map((one) => {
    const { zone } = one;
    const recorder = { name: recorderHost, address: { host: recorderHost, port: servicePort }, stamp: true };
    const upstreams = zone.inbound === "edge" ? [...zone.upstreams, recorder] : zone.upstreams;
    const here = { ...zone, filter, upstreams, check: { ...zone.check, timeoutSeconds: 5 } };
    return signing(keys)({ ...one, zone: here });
  });
}

/** Verifies with these keys, and signs with the last of them. */
export function signing(keys: readonly StampKey[]): (placed: IstioZone) => IstioZone {
  return ({ zone, ...place }) => {
    const { accepts, stamps } = zone;
    const sign = keys.at(-1)?.id ?? "";
    return {
      ...place,
      zone: { ...zone, accepts: accepts && { ...accepts, keys }, stamps: stamps && { ...stamps, sign, keys } },
    };
  };
}

/** The proxy repeats what the server grants. */
export function granting({ zone, ...place }: IstioZone): IstioZone {
  const address = { host: checkHost(zone.name), port: checkPorts.http };
  return { ...place, zone: { ...zone, grants: { address, cluster: clusterOf(address), pollMilliseconds: 100 } } };
}

/** Every request is asked for. */
export function asking({ zone: { grants: _, ...zone }, ...place }: IstioZone): IstioZone {
  return { ...place, zone };
}

/** What `WorkloadSelector` sees, as Countersign's settings say it where no route can. */
export function workloadOf(zone: "edge" | "zone"): Config {
  return zone === "edge"
    ? { namespace: "edge", name: "gateway", labels: { app: "gateway" } }
    : { namespace: "shop", name: "orders", labels: { app: "orders" } };
}
