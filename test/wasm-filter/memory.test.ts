/** The filter collects its garbage itself: memory stays flat, whatever comes, and nothing that is in use is collected. */

import { expect, it } from "vitest";
import type { HeaderInput } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { EDGE, filterHost, NOW, request, SECRET, STAMP, stand, TOKEN, token, ZONE } from "./stands.ts";

const keys = [{ id: "k1", secret: SECRET }];
const zoneRules = { ...ZONE, stamp: { zones: ["edge"], keys, replay: { entries: 4096 } } };
const json = JSON.stringify;
const claims = token({ exp: NOW + 60, list: Array.from({ length: 2000 }, (_, i) => i) });
const big: HeaderInput[] = [
  ["authorization", `Bearer ${claims}`],
  ...Array.from({ length: 60 }, (_, i): HeaderInput => [`x-${i}`, "v".repeat(50)]),
];

it("stays flat over mixed requests", async () => {
  const host = await filterHost();
  const plugin = host.startPlugin({ rootId: "countersign.guard", configuration: json({ ...EDGE, token: TOKEN }) });
  const stamp = host.startPlugin({ rootId: "countersign.stamp", configuration: json(STAMP) });
  const round = () => {
    for (let i = 0; i < 300; i++) {
      for (const headers of [request("/public/a"), request("/%2e%2e"), request("/", ...big), request()]) {
        for (const stream of [plugin.stream(), stamp.stream()]) {
          stream.requestHeaders(headers, { endOfStream: true });
          stream.done();
        }
      }
    }
    return plugin.pages();
  };
  round();
  const warm = round();
  for (let i = 0; i < 3; i++) round();
  expect(plugin.pages()).toBe(warm);
  expect(warm).toBeLessThan(100);
});

it("stays flat while many streams are open at once", async () => {
  const host = await filterHost();
  const plugin = host.startPlugin({ rootId: "countersign.guard", configuration: json(EDGE) });
  const open = Array.from({ length: 2000 }, () => plugin.stream());
  for (const stream of open) stream.requestHeaders(request("/a", ...big), { endOfStream: false });
  const warm = plugin.pages();
  expect(warm).toBeLessThan(200);
  // Every context is still its own after the collections between.
  for (const stream of open) expect(stream.requestTrailers([["x-countersign-a", "1"]]).action).toBe("continue");
  for (const stream of open) stream.done();
  expect(plugin.pages()).toBe(warm);
});

it("stays flat over pushes of configuration, and each push decides", async () => {
  const host = await filterHost();
  const stamp = stand(host, STAMP);
  const push = (zone: string) => {
    const plugin = host.startPlugin({ rootId: "countersign.guard", configuration: json({ ...zoneRules, zone }) });
    const stream = plugin.stream();
    expect(stream.requestHeaders(stamp(request()).headers, { endOfStream: true }).action).toBe("continue");
    stream.done();
    const pages = plugin.pages();
    plugin.stop();
    return pages;
  };
  for (let i = 0; i < 100; i++) push("inner");
  const warm = push("inner");
  for (let i = 0; i < 300; i++) push("inner");
  expect(push("inner")).toBe(warm);
});
