/** Mistakes in what the guard is told of grants: each is refused by its field; what is left out has a default. */
import { expect, it } from "vitest";
import { PluginRefused } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { GRANTS, granting } from "./granting.ts";
import type { Json } from "./stands.ts";

const WRONG: readonly (readonly [field: string, grants: Json])[] = [
  ["grants: must be an object", "http"],
  ["grants.cluster: is missing", {}],
  ["grants.cluster: must name a cluster", { cluster: "" }],
  ["grants.authority: must be a string", { ...GRANTS, authority: 1 }],
  ["grants.path: must start with '/'", { ...GRANTS, path: "v1" }],
  ["grants.pollMilliseconds: must be a whole number from 100 to 1000", { ...GRANTS, pollMilliseconds: 99 }],
  ["grants.pollMilliseconds: must be a whole number", { ...GRANTS, pollMilliseconds: 1001 }],
  ["grants.maxBytes: must be a whole number from 65536 to 268435456", { ...GRANTS, maxBytes: 65_535 }],
  ["grants.maxBytes: must be a whole number", { ...GRANTS, maxBytes: 268_435_457 }],
  ["grants.routes: must be named or one", { ...GRANTS, routes: "all" }],
  ["grants.routeHeaders: must be a list", { ...GRANTS, routeHeaders: "x-a" }],
  ["grants.routeHeaders[1]: must be a lower-case header name", { ...GRANTS, routeHeaders: ["x-a", "X-B"] }],
  ["grants.ttl: is not known", { ...GRANTS, ttl: 5 }],
];

it.each(WRONG)("refuses: %s", async (field, grants) => {
  const refused = await granting(GRANTS, { grants: GRANTS }).then(({ host }) => {
    const configuration = { stand: "guard", zone: "edge", inbound: "edge", ownedHeaders: [], grants };
    const start = () => host.startPlugin({ rootId: "countersign.guard", configuration: JSON.stringify(configuration) });
    expect(start).toThrow(PluginRefused);
    return host.logs.map(({ text }) => text).join("\n");
  });
  expect(refused).toContain(`configuration refused: ${field}`);
});

it("asks the cluster by its own name twice a second, unless told otherwise", async () => {
  const proxy = await granting();
  proxy.pass(499);
  expect(proxy.plugin.calls).toEqual([]);
  proxy.pass(1);
  expect(proxy.plugin.calls[0]).toMatchObject({ upstream: "http" });
  expect(proxy.plugin.calls[0]?.headers).toContainEqual([":authority", "http"]);
});

it("without grants nobody is asked", async () => {
  const { host } = await granting();
  const configuration = JSON.stringify({ stand: "guard", zone: "edge", inbound: "edge", ownedHeaders: [] });
  const plugin = host.startPlugin({ rootId: "countersign.guard", configuration });
  host.tick(5000);
  expect(plugin.calls).toEqual([]);
});
