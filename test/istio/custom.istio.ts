/**
 * Without an EnvoyFilter: the check by a CUSTOM AuthorizationPolicy, the filter as WasmPlugins. What holds this way, and
 * what does not.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import { istioManifests } from "../../envoy/istio/manifests.ts";
import { provider } from "../../envoy/istio/without-envoy-filter.ts";
import { send } from "../../examples/demo/client.ts";
import { audience } from "../../examples/demo/policies.ts";
import { echoed } from "../../examples/demo/samples.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import { type Mesh, startMesh } from "./mesh.ts";
import { asking } from "./zones.ts";

let mesh: Mesh;
let buyer: string;
let guest: string;
beforeAll(async () => {
  mesh = await startMesh({
    plain: true,
    place: asking,
    manifests: (zones) => {
      const files = [...istioManifests(zones)].filter(([file]) => /^without-envoy-filter\/(edge|zone)/.test(file));
      return new Map(files.map(([file, documents]) => [file.replaceAll("/", "-"), documents]));
    },
    mesh: (zones) => ({ extensionProviders: zones.map(provider) }),
  });
  buyer = await fetchToken(mesh.issuer, "buyer", audience);
  guest = await fetchToken(mesh.issuer, "guest", audience);
});
afterAll(() => mesh?.stop());

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

it("a good token comes through, stamped, checked and with the identity that policies set", async () => {
  const answer = await send(mesh.edge.port, { path: "/orders/7", headers: bearer(buyer) });
  expect(answer.status).toBe(200);
  const { headers } = echoed(answer);
  expect(headers["x-client-id"]).toEqual(["buyer"]);
  expect(headers["x-countersign-zone"]).toEqual(["edge"]);
});

const refused: readonly [string, () => Promise<{ readonly status: number }>, number][] = [
  ["no token", () => send(mesh.edge.port, { path: "/orders/7" }), 403],
  ["a token that is none", () => send(mesh.edge.port, { path: "/orders/7", headers: bearer("x.y.z") }), 401],
  ["the wrong role", () => send(mesh.edge.port, { path: "/orders/7", headers: bearer(guest) }), 403],
  ["closed by the platform", () => send(mesh.edge.port, { path: "/admin/x", headers: bearer(buyer) }), 403],
  [
    "closed by the service",
    () => send(mesh.edge.port, { path: "/orders/7", method: "POST", headers: bearer(buyer) }),
    403,
  ],
  ["direct to the sidecar", () => send(mesh.zone.port, { path: "/orders/7", headers: bearer(buyer) }), 403],
];
it.each(refused)("refused: %s", async (_, attempt, status) => {
  expect((await attempt()).status).toBe(status);
});

it("a stamp is asked for even where ext_authz allows", async () => {
  const { headers } = echoed(await send(mesh.edge.port, { path: "/recorded/orders/7", headers: bearer(buyer) }));
  const token = headers["txn-token"]?.[0] ?? "";
  const answer = await send(mesh.zone.port, { path: "/orders/7", headers: { "txn-token": token } });
  expect([token === "", answer.status, JSON.parse(answer.body).title]).toEqual([false, 403, "Forbidden"]);
  const stats = await (await fetch(`${mesh.zone.admin}/stats?filter=refused.stamp_missing`)).text();
  expect(stats).toMatch(/: 1$/m);
});

it("what policies write cannot be forged; a name that no policy writes is the client's own", async () => {
  const forged = {
    "x-client-id": "forged",
    "txn-token": "forged",
    "x-countersign-role": "forged",
    "x-client-role": "own",
  };
  const answer = await send(mesh.edge.port, { path: "/orders/7", headers: { ...bearer(buyer), ...forged } });
  expect(answer.status).toBe(200);
  expect(answer.body).not.toContain("forged");
  expect(echoed(answer).headers["x-client-role"]).toEqual(["own"]);
});

it("without a server the answer is 503", async () => {
  await mesh.edgeServer.child.stop("SIGKILL");
  expect((await send(mesh.edge.port, { path: "/orders/7", headers: bearer(buyer) })).status).toBe(503);
});
