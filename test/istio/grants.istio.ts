/** Grants in a mesh: the matcher that istiod delivers skips the call, at the gateway and at the sidecar, and nothing else. */
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Incoming, send } from "../../examples/demo/client.ts";
import { audience } from "../../examples/demo/policies.ts";
import { fetchToken } from "../../examples/demo/tokens.ts";
import { type Mesh, startMesh } from "./mesh.ts";
import { until } from "./until.ts";
import { granting } from "./zones.ts";

let mesh: Mesh;
let buyer: string;
let guest: string;
beforeAll(async () => {
  mesh = await startMesh({ place: granting });
  buyer = await fetchToken(mesh.issuer, "buyer", audience);
  guest = await fetchToken(mesh.issuer, "guest", audience);
});
afterAll(() => mesh?.stop());

function order(token: string, more: { readonly headers?: Readonly<Record<string, string>> } = {}): Promise<Incoming> {
  return send(mesh.edge.port, {
    path: "/api/orders/7",
    headers: { authorization: `Bearer ${token}`, ...more.headers },
  });
}

async function checks(server: Mesh["edgeServer"]): Promise<number> {
  const text = await (await fetch(`${server.http}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith("countersign_checks_total{"));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

async function hits(admin: string): Promise<number> {
  const text = await (await fetch(`${admin}/stats?filter=countersign.guard.grant.hit$`)).text();
  return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
}

it("is repeated without a call, under the id of its decision, in the access log of each proxy", async () => {
  await until("gateway and sidecar repeat", async () => {
    await order(buyer);
    return (await hits(mesh.edge.admin)) > 0 && (await hits(mesh.zone.admin)) > 0;
  });
  const [atEdge, hit] = [await checks(mesh.edgeServer), await hits(mesh.edge.admin)];
  const answers = [await order(buyer), await order(buyer), await order(buyer)];
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await checks(mesh.edgeServer)) - atEdge + (await hits(mesh.edge.admin)) - hit).toBe(3);
  expect(await hits(mesh.edge.admin)).toBeGreaterThan(hit);
  await until("the log says which grant", async () =>
    /"grant":"[^" ]+ \d+"/.test(await readFile(mesh.edgeLog, "utf8")),
  );
});

it("is nobody else's: not another client's, not one without a token", async () => {
  await order(buyer);
  expect((await order(guest)).status).toBe(403);
  expect((await send(mesh.edge.port, { path: "/api/orders/7" })).status).toBe(401);
  expect((await order(guest, { headers: { "wasm.countersign.grant": "d 1" } })).status).toBe(403);
});

it("ends with its server: then 503", async () => {
  expect((await order(buyer)).status).toBe(200);
  await mesh.edgeServer.child.stop("SIGKILL");
  await until("nothing is repeated any more", async () => (await order(buyer)).status === 503);
  expect((await order(buyer)).status).toBe(503);
});
