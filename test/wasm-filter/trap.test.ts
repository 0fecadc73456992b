/** A VM that dies under load: nothing passes unfiltered, and the filter comes back. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { send } from "../../examples/demo/client.ts";
import type { TestEnvoy } from "../support/envoy.ts";
import { trappingFilterPath } from "./build-filter.ts";
import { SECRET, STAMP, ZONE } from "./stands.ts";
import { answer, stamping, stands, startZone } from "./two-zones.ts";

let inner: TestEnvoy;
let outer: TestEnvoy;
beforeAll(async () => {
  const stamp = { zones: ["edge"], keys: [{ id: "k1", secret: SECRET }] };
  inner = await startZone("inner", {
    filters: [stands("guard", { ...ZONE, stamp }, trappingFilterPath())],
    routes: [answer],
  });
  outer = await startZone("outer", {
    routes: [{ match: { prefix: "/" }, route: { cluster: "inner" } }],
    clusters: [stamping("inner", inner.port, [stands("stamp", STAMP)])],
  });
});
afterAll(async () => {
  await outer?.stop();
  await inner?.stop();
});

it("fails closed while it is down, and filters again after", async () => {
  const path = "/orders";
  const stamped = async () => (await send(outer.port, { path })).status;
  const bare = async () => (await send(inner.port, { path })).status;
  expect([await stamped(), await bare()]).toEqual([200, 403]);

  for (let round = 0; round < 5; round++) {
    let over = false;
    const seen = { stamped: new Set<number>(), bare: new Set<number>() };
    const load = Array.from({ length: 8 }, async (_, client) => {
      while (!over) {
        if (client % 2 === 0) seen.stamped.add(await stamped());
        else seen.bare.add(await bare());
      }
    });
    const trapped = await send(inner.port, { path, headers: { "x-trap": "1" } });
    expect(trapped.status).toBe(503);
    await expect.poll(async () => [await stamped(), await bare()], { timeout: 10_000 }).toEqual([200, 403]);
    over = true;
    await Promise.all(load);
    // Through the gateway: the service, or our failure. Past it: refused, or our failure; never the service.
    expect([...seen.stamped].every((status) => status === 200 || status === 503)).toBe(true);
    expect([...seen.bare].every((status) => status === 403 || status === 503)).toBe(true);
  }
});
