/**
 * Between gateway and sidecar with Istio's mTLS: policies see who the gateway is, by its certificate, and nobody comes in
 * without one.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "../../examples/demo/client.ts";
import { audience } from "../../examples/demo/policies.ts";
import { echoed } from "../../examples/demo/samples.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import { gateway } from "../transport/certificates.ts";
import { type Mesh, startMesh } from "./mesh.ts";

let mesh: Mesh;
let token: string;
beforeAll(async () => {
  mesh = await startMesh({ mutual: gateway, inside: (resources) => [...resources, ...onlyFor] });
  token = await fetchToken(mesh.issuer, "buyer", audience);
});
afterAll(() => mesh?.stop());

/** One order is closed to all but the gateway, another to all but somebody who is not there. */
const onlyFor = [
  ["gateway", "/orders/7"],
  ["stranger", "/orders/8"],
].map(([account, path]) => ({
  apiVersion: "security.istio.io/v1",
  kind: "AuthorizationPolicy",
  metadata: { name: `only-${account}`, namespace: "shop" },
  spec: {
    selector: { matchLabels: { app: "orders" } },
    action: "DENY",
    rules: [
      {
        from: [{ source: { notPrincipals: [`cluster.local/ns/edge/sa/${account}`] } }],
        to: [{ operation: { paths: [path] } }],
      },
    ],
  },
}));

const order = (path: string) => send(mesh.edge.port, { path, headers: { authorization: `Bearer ${token}` } });

it("the gateway's identity opens what is the gateway's", async () => {
  const answer = await order("/api/orders/7");
  expect([answer.status, echoed(answer).headers["x-client-id"]]).toEqual([200, ["buyer"]]);
});

it("and nothing that is somebody else's", async () => {
  expect((await order("/api/orders/8")).status).toBe(403);
});

it("without a certificate nobody gets as far as a filter", async () => {
  await expect(send(mesh.zone.port, { path: "/orders/7" })).rejects.toThrow();
});
