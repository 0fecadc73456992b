/** However much is granted, memory stays within its bound, and what has no room is asked for. */
import { describe, expect, it } from "vitest";
import { type Exchange, GRANTS, granting, grantText } from "./granting.ts";
import { values } from "./stands.ts";

async function live(...options: Parameters<typeof granting>) {
  const proxy = await granting(...options);
  proxy.poll("e1");
  return proxy;
}

const long = (length: number) => "a".repeat(length);

describe("bounds", () => {
  it("a flood of grants stays within its memory, and the newest are there", async () => {
    const proxy = await live({ ...GRANTS, maxBytes: 65_536 });
    const at = (i: number): Exchange => ({ path: `/p/${i}`, lines: [["authorization", `Bearer ${i}${long(400)}`]] });
    const grantOf = (i: number) => grantText({ id: `d${i}`, vary: ["header:authorization"], path: `=/p/${i}` });
    const round = (from: number) => {
      for (let i = from; i < from + 500; i++) proxy.exchange({ ...at(i), grant: grantOf(i) });
      return proxy.plugin.pages();
    };
    round(0);
    const warm = round(500);
    for (let i = 2; i < 8; i++) round(i * 500);
    expect(proxy.plugin.pages()).toBe(warm);
    expect(proxy.metric("kept")).toBe(4000);
    const kept = Array.from({ length: 500 }, (_, i) => proxy.exchange(at(3999 - i)).state !== "");
    const count = kept.filter(Boolean).length;
    // 64 KiB less the scratch's 16: the newest without a gap, and nothing older.
    expect(kept.slice(0, count).every(Boolean)).toBe(true);
    expect(count).toBeGreaterThan(60);
    expect(count * 500).toBeLessThan(65_536);
  });

  it("a grant that would drive out a quarter of the others is not kept", async () => {
    const proxy = await live({ ...GRANTS, maxBytes: 65_536 });
    proxy.exchange({ grant: grantText({ changes: [`set x-a ${long(13_000)}`] }) });
    expect(proxy.metric("refused")).toBe(1);
    proxy.exchange({ grant: grantText({ changes: [`set x-a ${long(11_000)}`] }) });
    expect(values(proxy.exchange().headers, "x-a")).toEqual([long(11_000)]);
  });

  it("a key that is too long is not kept", async () => {
    const proxy = await live();
    const lines = (length: number) => [["x-a", long(length)]] as const;
    const grant = grantText({ vary: ["header:x-a"] });
    proxy.exchange({ lines: lines(16_384), grant });
    expect([proxy.exchange({ lines: lines(16_384) }).state, proxy.metric("refused")]).toEqual(["", 1]);
    proxy.exchange({ lines: lines(16_000), grant });
    expect(proxy.exchange({ lines: lines(16_000) }).state).toBe("d1 1");
  });

  it("eight shapes at once; a ninth has its turn when one has ended", async () => {
    const proxy = await live();
    const of = (i: number): Exchange => ({
      method: `M${i}`,
      grant: grantText({ id: `${i}`, vary: [`header:x-${i}`], milliseconds: i === 3 ? 1000 : 5000 }),
    });
    for (let i = 0; i < 9; i++) proxy.exchange(of(i));
    expect([proxy.metric("kept"), proxy.metric("refused")]).toEqual([8, 1]);
    proxy.pass(1000);
    proxy.answer("e1");
    proxy.exchange(of(8));
    expect(proxy.exchange({ method: "M8" }).state).toBe("8 1");
    for (const i of [0, 1, 2, 4, 5, 6, 7]) expect(proxy.exchange({ method: `M${i}` }).state).toBe(`${i} 1`);
  });

  it("sixteen lengths of prefixes at once in a shape; a seventeenth has its turn when one has ended", async () => {
    const proxy = await live();
    const of = (i: number): Exchange => ({
      path: `/${long(i)}${i}`,
      grant: grantText({ path: `^/${long(i)}`, vary: [], milliseconds: i === 3 ? 1000 : 5000, id: `${i}` }),
    });
    for (let i = 17; i > 0; i--) proxy.exchange({ ...of(i), method: `M${i}` });
    expect([proxy.metric("kept"), proxy.metric("refused")]).toEqual([16, 1]);
    proxy.pass(1000);
    proxy.answer("e1");
    proxy.exchange({ ...of(1), method: "M1" });
    expect(proxy.exchange({ path: "/a", method: "M1" }).state).toBe("1 1");
  });

  it("memory is flat over plugins that come and go", async () => {
    const proxy = await live();
    const configuration = (i: number) =>
      JSON.stringify({
        stand: "guard",
        zone: `z${i % 7}`,
        inbound: "edge",
        ownedHeaders: [],
        grants: { cluster: "http" },
      });
    const round = (i: number) => {
      const plugin = proxy.host.startPlugin({ rootId: "countersign.guard", configuration: configuration(i) });
      proxy.pass(500);
      plugin.calls[0]?.respond({
        headers: [
          [":status", "200"],
          ["x-countersign-epoch", "e1"],
        ],
      });
      proxy.answer("e1");
      const grant = grantText();
      const stream = plugin.stream({
        properties: {
          xds: { route_name: "r" },
          connection: { mtls: false },
          metadata: { filter_metadata: { "envoy.filters.http.ext_authz": { grant } } },
        },
      });
      stream.requestHeaders(
        [
          [":method", "GET"],
          [":authority", "a"],
          [":path", "/"],
        ],
        { endOfStream: true },
      );
      stream.responseHeaders([
        [":status", "200"],
        ["x-countersign-decision-id", "d1"],
      ]);
      stream.done();
      plugin.stop();
      return plugin.pages();
    };
    for (let i = 0; i < 20; i++) round(i);
    const warm = round(20);
    for (let i = 0; i < 100; i++) round(i);
    expect(round(1)).toBe(warm);
    expect(proxy.metric("kept")).toBe(122);
  });
});
