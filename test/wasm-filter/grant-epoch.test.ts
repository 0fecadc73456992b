/** A grant holds only while the server confirms the state that it came from. */
import { describe, expect, it } from "vitest";
import { type Granting, granting, grantText, linesOf } from "./granting.ts";

async function live(): Promise<Granting> {
  const proxy = await granting();
  proxy.poll("e1");
  return proxy;
}

const keep = (proxy: Granting, milliseconds = 5000, id = "d1") =>
  proxy.exchange({ grant: grantText({ milliseconds, id }) });
const isRepeated = (proxy: Granting) => proxy.exchange().state !== "";

describe("epoch", () => {
  it("nothing is kept or repeated before the server told one", async () => {
    const proxy = await granting();
    keep(proxy);
    expect([isRepeated(proxy), proxy.metric("miss"), proxy.metric("kept")]).toEqual([false, 0, 0]);
    expect(proxy.answer(undefined)).toBe(0);
    proxy.poll(undefined);
    keep(proxy);
    expect(isRepeated(proxy)).toBe(false);
  });

  it("is asked for as configured", async () => {
    const proxy = await granting({ cluster: "c", authority: "a", path: "/p", pollMilliseconds: 100 });
    proxy.pass(99);
    expect(proxy.plugin.calls).toEqual([]);
    proxy.pass(1);
    const [call] = proxy.plugin.calls;
    expect(call).toMatchObject({ upstream: "c", timeout: 400 });
    expect(call?.headers).toEqual([
      [":method", "GET"],
      [":path", "/p"],
      [":authority", "a"],
    ]);
    // One at a time; one that is never answered is given up after a second.
    proxy.pass(900);
    expect(proxy.plugin.calls.length).toBe(1);
    proxy.pass(100);
    expect(proxy.plugin.calls.length).toBe(2);
  });

  it.each([
    ["another epoch", "e2"],
    ["a longer one", "e11"],
    ["a shorter one", "e"],
  ])("%s drops all", async (_, epoch) => {
    const proxy = await live();
    keep(proxy);
    proxy.poll(epoch);
    expect([isRepeated(proxy), proxy.metric("dropped")]).toEqual([false, 1]);
    // Of the old epoch nothing is kept any more, and it is no news.
    keep(proxy);
    expect([isRepeated(proxy), proxy.plugin.calls.length]).toEqual([false, 0]);
    proxy.exchange({ grant: grantText({ epoch }) });
    expect(isRepeated(proxy)).toBe(true);
  });

  it("a server that is gone suspends grants two seconds after the last poll that it answered was sent", async () => {
    const proxy = await live();
    keep(proxy, 60_000);
    const lives = () => proxy.begin().state !== "";
    proxy.pass(2000);
    expect(lives()).toBe(true);
    proxy.pass(1);
    expect(lives()).toBe(false);
    proxy.poll(undefined);
    expect(lives()).toBe(false);
    // The same state again: what it granted holds on.
    proxy.poll("e1");
    expect(lives()).toBe(true);
  });

  it("an answer counts from when it was asked for", async () => {
    const proxy = await live();
    keep(proxy, 60_000);
    proxy.pass(500);
    proxy.pass(900);
    proxy.answer("e1");
    proxy.pass(1100);
    expect(proxy.begin().state).not.toBe("");
    proxy.pass(1);
    expect(proxy.begin().state).toBe("");
  });

  it.each([
    [
      "503",
      [
        [":status", "503"],
        ["x-countersign-epoch", "e1"],
      ],
    ],
    ["no epoch", [[":status", "200"]]],
    [
      "two epochs",
      [
        [":status", "200"],
        ["x-countersign-epoch", "e1"],
        ["x-countersign-epoch", "e1"],
      ],
    ],
    [
      "an empty epoch",
      [
        [":status", "200"],
        ["x-countersign-epoch", ""],
      ],
    ],
    [
      "an epoch that is too long",
      [
        [":status", "200"],
        ["x-countersign-epoch", "e".repeat(65)],
      ],
    ],
    [
      "an epoch with a space",
      [
        [":status", "200"],
        ["x-countersign-epoch", "e 1"],
      ],
    ],
  ] as const)("an answer with %s is none", async (_, headers) => {
    const proxy = await granting();
    proxy.pass(500);
    proxy.plugin.calls[0]?.respond({ headers });
    keep(proxy);
    expect(isRepeated(proxy)).toBe(false);
  });

  it("a grant of an epoch that was not polled is news: all is dropped, and nothing holds until a poll sent since", async () => {
    const proxy = await live();
    keep(proxy);
    proxy.pass(500);
    // On its way since before the news.
    const [before] = proxy.plugin.calls;
    proxy.pass(10);
    proxy.exchange({ method: "PUT", grant: grantText({ epoch: "e2" }) });
    expect([isRepeated(proxy), proxy.metric("dropped")]).toEqual([false, 1]);
    before?.respond({
      headers: [
        [":status", "200"],
        ["x-countersign-epoch", "e1"],
      ],
    });
    expect(isRepeated(proxy)).toBe(false);
    // Asked anew at once.
    expect(proxy.answer("e2")).toBe(1);
    proxy.exchange({ grant: grantText({ epoch: "e2" }) });
    expect(isRepeated(proxy)).toBe(true);
  });

  it("the answer to news reaches the root, though the request that brought them is still there", async () => {
    const proxy = await live();
    const grant = grantText({ epoch: "e2" });
    const metadata = { filter_metadata: { "envoy.filters.http.ext_authz": { grant } } };
    const stream = proxy.plugin.stream({
      properties: { xds: { route_name: "r" }, connection: { mtls: false, id: 1 }, metadata },
    });
    stream.requestHeaders(linesOf({}), { endOfStream: true });
    stream.responseHeaders([
      [":status", "200"],
      ["x-countersign-decision-id", "d1"],
    ]);
    proxy.answer("e2");
    stream.responseBody("late", { endOfStream: true });
    proxy.exchange({ grant });
    expect(isRepeated(proxy)).toBe(true);
    stream.done();
  });

  it("news polls at once, without a tick", async () => {
    const proxy = await live();
    expect(proxy.plugin.calls.length).toBe(0);
    proxy.exchange({ grant: grantText({ epoch: "e2" }) });
    expect(proxy.plugin.calls.length).toBe(1);
  });
});
