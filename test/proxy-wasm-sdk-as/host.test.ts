/** Life of hosts, VMs and plugins: configuration, ticks, queues, shared data, traps and reload, modules that Envoy refuses. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  createHost,
  ModuleRefused,
  PluginRefused,
  Trap,
  VmFailed,
} from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { compile, example } from "./compile.ts";

let module: Uint8Array;
let hello: Uint8Array;
beforeAll(async () => {
  module = await compile(example("probe"));
  hello = await compile(example("hello"));
});

const request = (probe: string) =>
  [
    [":method", "GET"],
    [":path", "/p"],
    ["x-probe", probe],
  ] as const;
const text = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString();

describe("plugins", () => {
  const refused = [
    { title: "the guest says no", rootId: "probe", configuration: "refuse", why: "configured [refuse]" },
    { title: "nobody registered the root id", rootId: "other", configuration: "", why: "not registered" },
  ];
  test.each(refused)("refused: $title", async ({ rootId, configuration, why }) => {
    const host = await createHost(module);
    expect(() => host.startPlugin({ rootId, configuration })).toThrow(PluginRefused);
    expect(host.logs.map((line) => line.text).join()).toContain(why);
  });

  test("several share one VM", async () => {
    const host = await createHost(module);
    const plugins = ["a", "b"].map((name) => host.startPlugin({ rootId: "probe", configuration: name, name }));
    const replies = plugins.map((plugin) => plugin.stream().requestHeaders(request("property:plugin_name")).localReply);
    expect(replies.map((reply) => text(reply?.body))).toEqual(["[a]\n", "[b]\n"]);
  });

  test("a root that is not done stays", async () => {
    expect((await createHost(module)).startPlugin({ rootId: "probe" }).stop()).toBe(false);
    expect((await createHost(module)).startPlugin({ rootId: "echo" }).stop()).toBe(true);
  });
});

test("ticks come as often as they are due", async () => {
  const host = await createHost(module);
  host.startPlugin({ rootId: "probe", configuration: "tick" });
  host.tick(9);
  expect(host.sharedData("ticks")).toBeUndefined();
  host.tick(26);
  expect(text(host.sharedData("ticks"))).toBe("3");
});

test("VMs of one id share data, others do not", async () => {
  const host = await createHost(module);
  const ask = (id: string, probe: string) =>
    text(host.vm({ id }).startPlugin({ rootId: "probe" }).stream().requestHeaders(request(probe)).localReply?.body);
  ask("one", "shared:k=v");
  expect([ask("one", "get-shared:k"), ask("two", "get-shared:k")]).toEqual(["0[v]\n", "1(none)\n"]);
});

test("the owner of a queue is told after the callback", async () => {
  const host = await createHost(module);
  host.startPlugin({ rootId: "probe" }).stream().requestHeaders(request("queue:q"));
  expect(host.logs.at(-1)?.text).toBe("queue ready (none)");
});

test("metrics are counted over all VMs", async () => {
  const host = await createHost(module);
  for (const vm of [host.vm(), host.vm()])
    vm.startPlugin({ rootId: "probe" }).stream().requestHeaders(request("metric:0=3;metric:2=1"));
  expect([host.metric("probe_0"), host.metric("no"), host.samples("probe_2")]).toEqual([20n, 0n, [7n, 7n]]);
});

test("foreign functions take and give bytes; a failure is a status", async () => {
  const foreignFunctions = {
    reverse: (args: Uint8Array) => args.toReversed(),
    refuse: () => 10,
    none: () => new Uint8Array(0),
  };
  const host = await createHost(module, { foreignFunctions });
  const { localReply } = host
    .startPlugin({ rootId: "probe" })
    .stream()
    .requestHeaders(request("foreign:reverse=abc;foreign:refuse=;foreign:none="));
  expect(text(localReply?.body)).toBe("0[cba]\n10(none)\n0[]\n");
});

test("a trap fails the VM until it is reloaded, and is logged with its place", async () => {
  const host = await createHost(module);
  const plugin = host.startPlugin({ rootId: "probe" });
  expect(() => plugin.stream().requestHeaders(request("trap"))).toThrow(Trap);
  expect(host.logs.at(-1)).toMatchObject({
    level: "critical",
    text: expect.stringMatching(/^abort: asked for at .*index\.ts:\d+:\d+$/),
  });
  expect(() => plugin.stream()).toThrow(VmFailed);
  expect(host.reload()).toBe(1);
  expect(plugin.stream().requestHeaders(request("clock")).localReply?.status).toBe(200);
  expect(host.reload()).toBe(0);
});

test("a TCP connection: data is held, then replaced; a filter for HTTP closes it", async () => {
  const host = await createHost(module);
  const echo = host.startPlugin({ rootId: "echo" }).connection();
  expect(echo.open().action).toBe("continue");
  expect(echo.downstreamData("a").action).toBe("stop");
  expect(text(echo.downstreamData("bcd").body)).toBe("seen 4");
  expect(echo.done()).toBe(true);
  const other = host.startPlugin({ rootId: "probe" }).connection();
  expect([other.open().action, ...other.closed]).toEqual(["stop", "downstream"]);
});

test("an HTTP request at a filter for TCP is answered 503", async () => {
  const stream = (await createHost(module)).startPlugin({ rootId: "echo" }).stream();
  expect(stream.requestHeaders(request("x")).localReply).toMatchObject({ status: 503, details: "wasm_no_context" });
});

describe("modules that Envoy does not load", () => {
  test("without the abort hook", async () => {
    const host = await createHost(await compile(example("hello"), []));
    expect(() => host.vm()).toThrow(new ModuleRefused("the proxy provides no import env.abort"));
  });

  test("that are no filter", async () => {
    const host = await createHost(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    expect(() => host.vm()).toThrow(ModuleRefused);
  });
});

describe("the README's filter", () => {
  test("adds its header, or refuses who brings it", async () => {
    const plugin = (await createHost(hello)).startPlugin({ rootId: "hello" });
    expect(plugin.stream().requestHeaders([[":path", "/"]])).toMatchObject({
      action: "continue",
      headers: [
        [":path", "/"],
        ["x-hello", "world"],
      ],
    });
    expect(
      plugin.stream().requestHeaders([
        [":path", "/"],
        ["X-Hello", ""],
      ]).localReply?.status,
    ).toBe(403);
    // Headers that cannot be seen are a refusal, not an absence.
    expect(plugin.stream().requestHeaders([]).localReply?.status).toBe(403);
  });

  test("leaks nothing: 4,000 requests in a bounded memory", async () => {
    const plugin = (await createHost(hello)).startPlugin({ rootId: "hello" });
    const once = () => {
      const stream = plugin.stream();
      stream.requestHeaders([
        [":path", "/"],
        ["x-long", "v".repeat(2000)],
      ]);
      stream.done();
      return plugin.pages();
    };
    for (let i = 0; i < 1000; i++) once();
    const warm = once();
    for (let i = 0; i < 3000; i++) once();
    expect(once()).toBe(warm);
  });
});
