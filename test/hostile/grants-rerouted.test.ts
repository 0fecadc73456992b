/**
 * On a hit Envoy chooses the route anew by the headers that the guard wrote; where the server is asked, it does not. So what
 * changes a header that routes match on is asked for every time: else a request reaches a service for which nobody was asked.
 */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Route } from "../../envoy/model.ts";
import { type GrantingZone, startGrantingZone } from "../e2e/granting-zone.ts";
import { grantText } from "../wasm-filter/granting.ts";

const workload = (name: string) => ({ namespace: "shop", name, labels: { app: name } });
const gold = { prefix: "/", headers: [{ name: "x-tier", string_match: { exact: "gold" } }] };
// Two workloads, so that routes are known by name; the rewrites show which one was taken.
const routes: readonly Route[] = [
  { prefix: "/", match: gold, rewrite: "/gold/", upstream: "service", workload: workload("gold") },
  { prefix: "/", rewrite: "/plain/", upstream: "service", workload: workload("plain") },
];

let zone: GrantingZone;
beforeAll(async () => {
  zone = await startGrantingZone(
    ({ headers, context }) => {
      const path = headers.get(":path")?.[0] ?? "";
      const tier = path === "/tier" ? (["x-tier", "gold"] as const) : (["x-other", "gold"] as const);
      const id = `${path.slice(1)}-${context["workload"]}`;
      const changes = [`set ${tier.join(" ")}`];
      return { id, set: [tier], grant: grantText({ id, path: `=${path}`, changes, milliseconds: 60_000 }) };
    },
    { ownedHeaders: ["x-tier"], routes },
  );
  await zone.ready();
});
afterAll(() => zone.stop());

it.each([
  ["a header that routes match on: asked each time", "/tier", 3],
  ["another header: asked once", "/other", 1],
])("%s, and the route is the one that was asked for", async (_, path, asked) => {
  const before = zone.authz.asked.length;
  const urls = [];
  for (let i = 0; i < 3; i++) urls.push((await zone.echoed({ path })).url);
  expect(urls).toEqual(Array(3).fill(`/plain${path}`));
  expect(zone.authz.asked.length - before).toBe(asked);
});
