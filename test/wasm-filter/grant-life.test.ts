/** How long a grant lives, and what ends it sooner: clocks, epochs, a server that is gone, a configuration, a new VM. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Trap } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { trappingFilterPath } from "./build-filter.ts";
import { GRANTS, type Granting, granting, grantText } from "./granting.ts";
import { EDGE, request, values } from "./stands.ts";

// Compiling on a busy machine may take longer than a test may.
const trapping = new Uint8Array(readFileSync(trappingFilterPath()));

async function live(): Promise<Granting> {
  const proxy = await granting();
  proxy.poll("e1");
  return proxy;
}

const keep = (proxy: Granting, milliseconds = 5000, id = "d1") =>
  proxy.exchange({ grant: grantText({ milliseconds, id }) });
const isRepeated = (proxy: Granting) => proxy.exchange().state !== "";

describe("expiry", () => {
  it("counts from when the request came, not from the answer", async () => {
    const proxy = await live();
    proxy.exchange({ grant: grantText({ milliseconds: 1000 }), takes: 600 });
    expect(isRepeated(proxy)).toBe(true);
    proxy.pass(400);
    expect(isRepeated(proxy)).toBe(false);
    proxy.answer("e1");
    proxy.exchange({ grant: grantText({ milliseconds: 1000 }), takes: 1000 });
    expect([proxy.metric("kept"), proxy.metric("refused")]).toEqual([1, 1]);
  });

  it("is never later than 60 seconds", async () => {
    const proxy = await live();
    keep(proxy, 86_400_000);
    for (let second = 0; second < 59; second++) {
      proxy.pass(1000);
      proxy.answer("e1");
    }
    // One asks again in the last fifth of a grant's life; the others repeat it.
    proxy.exchange();
    expect(isRepeated(proxy)).toBe(false);
    expect(proxy.metric("refresh")).toBe(1);
    const other = await live();
    keep(other, 86_400_000);
    for (let second = 0; second < 60; second++) {
      other.pass(1000);
      other.answer("e1");
    }
    expect(isRepeated(other)).toBe(false);
    expect(other.metric("refresh")).toBe(0);
  });

  it.each([
    ["a wall clock set ahead", 5000],
    ["a wall clock set back", -1],
  ])("%s ends it", async (_, step) => {
    const proxy = await live();
    keep(proxy);
    expect(isRepeated(proxy)).toBe(true);
    proxy.setWall(step);
    expect(isRepeated(proxy)).toBe(false);
  });

  it("a wall clock that was set back and comes again lengthens nothing", async () => {
    const proxy = await live();
    keep(proxy, 1000);
    proxy.pass(900);
    proxy.setWall(-600);
    proxy.pass(200);
    proxy.answer("e1");
    expect(isRepeated(proxy)).toBe(false);
  });
});

describe("renewal", () => {
  it("one request asks in the last fifth, the others repeat; its grant takes the place", async () => {
    const proxy = await live();
    keep(proxy, 1000, "old");
    proxy.pass(799);
    expect(proxy.exchange().state).toBe("old 1");
    proxy.pass(1);
    const asks = proxy.begin({ grant: grantText({ id: "new" }) });
    expect(asks.state).toBe("");
    expect([proxy.exchange().state, proxy.exchange().state]).toEqual(["old 2", "old 3"]);
    asks.answer();
    expect(proxy.exchange().state).toBe("new 1");
    expect([proxy.metric("refresh"), proxy.metric("miss"), proxy.metric("kept")]).toEqual([1, 1, 2]);
  });

  it.each([
    ["no grant", undefined],
    ["a grant that makes no sense", "2\n"],
  ])("an answer with %s ends it at once", async (_, grant) => {
    const proxy = await live();
    keep(proxy, 1000);
    proxy.pass(900);
    const asks = proxy.begin({ ...(grant !== undefined && { grant }) });
    expect(isRepeated(proxy)).toBe(true);
    asks.answer();
    expect(isRepeated(proxy)).toBe(false);
  });

  it("without an answer it simply ends, and then every request asks", async () => {
    const proxy = await live();
    keep(proxy, 1000);
    proxy.pass(900);
    expect([proxy.begin().state, isRepeated(proxy)]).toEqual(["", true]);
    proxy.pass(100);
    proxy.answer("e1");
    expect([isRepeated(proxy), isRepeated(proxy)]).toEqual([false, false]);
  });

  it("a burst that asks at once leaves one grant, the newest", async () => {
    const proxy = await live();
    const asked = ["a", "b", "c"].map((id) => proxy.begin({ grant: grantText({ id, milliseconds: 1000 }) }));
    for (const one of asked) one.answer();
    expect(proxy.exchange().state).toBe("c 1");
    proxy.pass(900);
    // Were the older ones still there, each would be renewed by a request of its own.
    expect([proxy.begin().state, proxy.exchange().state, proxy.exchange().state]).toEqual(["", "c 2", "c 3"]);
  });
});

it("a VM that died leaves nothing behind, and its successor keeps grants of its own", async () => {
  const proxy = await granting(GRANTS, {}, trapping);
  proxy.poll("e1");
  keep(proxy);
  expect(isRepeated(proxy)).toBe(true);
  expect(() => proxy.exchange({ lines: [["x-trap", "1"]] })).toThrow(Trap);
  expect(proxy.host.reload()).toBe(1);
  expect([isRepeated(proxy), proxy.metric("hit")]).toEqual([false, 1]);
  proxy.poll("e1");
  expect(isRepeated(proxy)).toBe(false);
  keep(proxy);
  expect(isRepeated(proxy)).toBe(true);
});

it("a new configuration starts with nothing", async () => {
  const proxy = await live();
  keep(proxy);
  const configuration = JSON.stringify({ ...EDGE, grants: GRANTS });
  const next = proxy.host.startPlugin({ rootId: "countersign.guard", configuration });
  proxy.pass(500);
  next.calls[0]?.respond({
    headers: [
      [":status", "200"],
      ["x-countersign-epoch", "e1"],
    ],
  });
  const stream = next.stream({ properties: { xds: { route_name: "r" }, connection: { mtls: false, id: 1 } } });
  stream.requestHeaders(request("/orders/1"), { endOfStream: true });
  expect(stream.filterState("wasm.countersign.grant")).toBeUndefined();
  proxy.answer("e1");
  expect(isRepeated(proxy)).toBe(true);
  // What ends while a request is under way keeps nothing of it.
  const late = proxy.begin({ path: "/late", grant: grantText() });
  proxy.plugin.stop();
  expect(values(late.answer().response, ":status")).toEqual(["200"]);
});
