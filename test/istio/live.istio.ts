/**
 * A change in the folder reaches running proxies: keys, filters, routes. Nothing is restarted, nothing is lost, and what
 * they cannot use changes nothing.
 */
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { IstioZone } from "../../envoy/istio/place.ts";
import type { StampKey } from "../../envoy/model.ts";
import { type Incoming, send } from "../../examples/demo/client.ts";
import { audience } from "../../examples/demo/policies.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import { envoyFilters, type Mesh, startMesh } from "./mesh.ts";
import { until } from "./until.ts";
import { asking, signing } from "./zones.ts";

let mesh: Mesh;
let token: string;
beforeAll(async () => {
  mesh = await startMesh({ place: asking });
  token = await fetchToken(mesh.issuer, "buyer", audience);
});
afterAll(() => mesh?.stop());

const second: StampKey = { id: "k2", secret: randomBytes(32).toString("base64url") };

const order = (): Promise<Incoming> =>
  send(mesh.edge.port, { path: "/api/orders/7", headers: { authorization: `Bearer ${token}` } });

/** The manifests of one zone, changed. */
async function put(zone: "edge" | "zone", change: (placed: IstioZone) => IstioZone): Promise<void> {
  const placed = mesh.zones.filter((candidate) => candidate.zone.name === zone).map(change);
  for (const [file, documents] of envoyFilters(placed)) await mesh.change(file, documents);
}

async function stat(admin: string, name: string): Promise<number> {
  const text = await (await fetch(`${admin}/stats?filter=^${name}$`)).text();
  return Number(text.split(": ").at(-1) ?? 0);
}

const inZone = () => stat(mesh.zone.admin, "listener_manager.lds.update_success");

it("a key is rotated through the folder while requests come: none is refused", async () => {
  const [first] = mesh.keys;
  if (first === undefined) throw new Error("the mesh has no key");
  const statuses = new Map<number, number>();
  let going = true;
  const load = (async () => {
    while (going) {
      const { status } = await order();
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  })();
  const before = await inZone();
  await put("zone", signing([first, second]));
  await until("the zone knows the second key", async () => (await inZone()) > before);
  await put("edge", signing([second]));
  await put("zone", signing([first, second]));
  await until("the edge stamps with the second key", async () => (await keyOfStamp()) === "k2");
  const during = await inZone();
  await put("zone", signing([second]));
  await until("the zone has forgotten the first key", async () => (await inZone()) > during);
  going = false;
  await load;
  expect([...statuses.keys()]).toEqual([200]);
  expect(statuses.get(200)).toBeGreaterThan(20);
  expect((await order()).status).toBe(200);
});

async function keyOfStamp(): Promise<string | undefined> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await send(mesh.edge.port, { path: "/api/recorded/orders/7", headers });
  return /keyid=\\?"(\w+)/.exec(answer.body)?.[1];
}

it("a stamp by the key that was taken away passes no more", async () => {
  const [first] = mesh.keys;
  if (first === undefined) throw new Error("the mesh has no key");
  await put("edge", signing([first]));
  await until("the zone refuses", async () => (await order()).status === 403);
  await put("edge", signing([second]));
  await until("the zone accepts again", async () => (await order()).status === 200);
});

it("a filter that the proxy cannot load changes nothing", async () => {
  const rejected = () => stat(mesh.zone.admin, "listener_manager.lds.update_rejected");
  const before = await rejected();
  await put("zone", (placed) => ({ ...signing([second])(placed), zone: { ...placed.zone, filter: "/no/such.wasm" } }));
  await until("the zone's proxy refuses it", async () => (await rejected()) > before);
  expect((await order()).status).toBe(200);
  expect((await send(mesh.zone.port, { path: "/orders/7" })).status).toBe(403);
  await put("zone", signing([second]));
});

it("without the gateway's EnvoyFilter nothing comes in: the sidecar asks for stamps", async () => {
  await mesh.change("edge-envoy-filter.yaml", undefined);
  await until("the gateway stamps no more", async () => (await keyOfStamp()) === undefined);
  const answer = await order();
  expect(answer.status).toBe(403);
  await put("edge", signing([second]));
  await until("the gateway stamps again", async () => (await order()).status === 200);
});

it("without a server the answer is 503, at the gateway and at the sidecar", async () => {
  await mesh.zoneServer.child.stop("SIGKILL");
  expect((await order()).status).toBe(503);
  await mesh.edgeServer.child.stop("SIGKILL");
  expect((await order()).status).toBe(503);
  expect(await stat(mesh.edge.admin, ".*ext_authz.countersign.error")).toBeGreaterThan(0);
});

it("all this time no proxy was restarted", () => {
  expect([mesh.edge.child.running(), mesh.zone.child.running()]).toEqual([true, true]);
});
