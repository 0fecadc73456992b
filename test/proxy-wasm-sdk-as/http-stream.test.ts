/** Streams in the Node host: bodies, trailers, callouts, local replies, resets, logs, what a stream leaves behind. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  createHost,
  type HeaderInput,
  type Host,
  type Plugin,
} from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { compile, example } from "./compile.ts";

let module: Uint8Array;
let host: Host;
beforeAll(async () => {
  module = await compile(example("probe"));
});

const request = (...more: HeaderInput[]): HeaderInput[] => [[":method", "GET"], [":path", "/p"], ...more];
const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();
async function start(): Promise<Plugin> {
  host = await createHost(module, { clusters: ["keys"] });
  return host.startPlugin({ rootId: "probe" });
}

test("a body is held back, read by range and changed at both ends", async () => {
  const stream = (await start()).stream();
  expect(stream.requestHeaders(request(["x-probe", "body"], ["x-pass", "1"]))).toMatchObject({
    action: "stop",
    status: 1,
  });
  expect(stream.requestBody("abc")).toMatchObject({ action: "stop", body: new Uint8Array(0) });
  const last = stream.requestBody("def", { endOfStream: true });
  expect([last.action, text(last.body)]).toEqual(["continue", "<abcdef>"]);
});

test("trailers can be changed", async () => {
  const stream = (await start()).stream();
  const { headers } = stream.requestTrailers([
    ["X-T-Secret", "s"],
    ["x-t-open", "o"],
  ]);
  expect(headers).toEqual([["x-t-open", "o"]]);
});

test("a local reply passes the response callbacks of the filter that sent it", async () => {
  const stream = (await start()).stream();
  const step = stream.requestHeaders(request(["x-probe", "clock"]));
  expect(step).toMatchObject({ action: "stop", localReply: { status: 200, details: "probe_answer", grpcStatus: -1 } });
  expect(stream.headers("response")).toEqual([
    [":status", "200"],
    ["content-length", "5"],
    ["x-t-probe", "yes"],
    ["content-type", "text/probe"],
    ["x-t-response", "seen"],
  ]);
});

describe("callouts", () => {
  const answers = [
    {
      title: "answered",
      act: (plugin: Plugin) => plugin.calls[0]?.respond({ headers: [[":status", "200"]], body: "k" }),
      seen: "1 200 [k]",
    },
    { title: "failed", act: (plugin: Plugin) => plugin.calls[0]?.fail(), seen: "0 (none) (none)" },
  ];
  test.each(answers)("$title, and the waiting request goes on", async ({ act, seen }) => {
    const plugin = await start();
    const stream = plugin.stream();
    expect(stream.requestHeaders(request(["x-probe", "call"])).action).toBe("stop");
    expect(plugin.calls[0]).toMatchObject({ kind: "http", upstream: "keys", timeout: 1000, trailers: [] });
    expect(text(plugin.calls[0]?.messages[0])).toBe("ask");
    act(plugin);
    expect(stream.headers("request")).toContainEqual(["x-t-call", seen]);
    expect([...stream.continued]).toEqual(["request"]);
    expect(plugin.calls).toEqual([]);
  });

  test("an answer for a request that is gone goes to the root and harms nothing", async () => {
    const plugin = await start();
    const stream = plugin.stream();
    stream.requestHeaders(request(["x-probe", "call"]));
    stream.done();
    plugin.calls[0]?.respond({ headers: [[":status", "200"]] });
    expect([...stream.continued]).toEqual([]);
  });

  test("a cluster that nobody knows is refused at once", async () => {
    host = await createHost(module, { clusters: [] });
    const stream = host.startPlugin({ rootId: "probe" }).stream();
    expect(stream.requestHeaders(request(["x-probe", "call"])).localReply).toMatchObject({
      status: 503,
      details: "no_call_2",
    });
  });

  test("gRPC calls and streams", async () => {
    const plugin = await start();
    const { localReply } = plugin.stream().requestHeaders(request(["x-probe", "grpc"]));
    expect(text(localReply?.body)).toBe("0 0 0 2 0 1\n");
    expect(plugin.calls).toMatchObject([{ kind: "grpc call", method: "acme.Keys/Get", headers: [["k", "v"]] }]);
    expect(plugin.calls[0]?.upstream).toBe("\n\u0006\n\u0004keys");
    plugin.calls[0]?.fail();
    expect(plugin.calls).toEqual([]);
  });
});

test("a reset is seen", async () => {
  const stream = (await start()).stream();
  expect(stream.requestHeaders(request(["x-probe", "reset"])).action).toBe("stop");
  expect([...stream.closed]).toEqual(["request"]);
});

test("filter state is readable by its full name", async () => {
  const stream = (await start()).stream();
  stream.requestHeaders(request(["x-probe", "set-property:own=v"]));
  expect(text(stream.filterState("wasm.own"))).toBe("v");
  expect(stream.filterState("own")).toBeUndefined();
});

test("given properties are found by own names only", async () => {
  const stream = (await start()).stream({
    properties: { metadata: { filter_metadata: { a: { ["__proto__x"]: 1 } } } },
  });
  const probe = "property:metadata/filter_metadata/a/__proto__;property:constructor;property:metadata/toString";
  expect(text(stream.requestHeaders(request(["x-probe", probe])).localReply?.body)).toBe("(none)\n(none)\n(none)\n");
});

test("the log is written at the end, once, and the context is gone", async () => {
  const stream = (await start()).stream();
  stream.requestHeaders(request(["x-t-a", "1"]));
  expect(stream.done()).toBe(true);
  expect(host.logs.map(({ text: line }) => line)).toEqual(["configured []", "log :method=GET,:path=/p,x-t-a=1,"]);
  // A request of a context that the guest no longer knows is refused, not let through and no trap.
  expect(stream.requestHeaders(request())).toMatchObject({ action: "stop" });
});
