/**
 * Meshes that give a gateway only the clusters its routes need (`PILOT_FILTER_GATEWAY_CLUSTER_CONFIG`): the server's is kept
 * where MeshConfig names it as an extension provider. Where nothing names it, all is closed.
 */
import { expect, it } from "vitest";
import { provider } from "../../envoy/istio/without-envoy-filter.ts";
import { send } from "../../examples/demo/client.ts";
import { audience } from "../../examples/demo/policies.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import { type MeshOptions, startMesh } from "./mesh.ts";

const cases: readonly [string, NonNullable<MeshOptions["mesh"]>, number][] = [
  ["named as a provider: it is asked", (zones) => ({ extensionProviders: zones.map(provider) }), 200],
  ["named nowhere: closed", () => ({}), 503],
];
it.each(cases)("a server %s", async (_, mesh, status) => {
  const running = await startMesh({ fewClusters: true, mesh });
  try {
    const token = await fetchToken(running.issuer, "buyer", audience);
    const headers = { authorization: `Bearer ${token}` };
    expect((await send(running.edge.port, { path: "/api/orders/7", headers })).status).toBe(status);
  } finally {
    await running.stop();
  }
});
