/** The conformance tables in the Node host. */
import { beforeAll, expect, test } from "vitest";
import { createHost } from "../../wasm-filter/proxy-wasm-sdk-as/host/index.ts";
import { compile, example } from "./compile.ts";
import { bodyAnswer, conformanceCases, environmentAnswer } from "./conformance-cases.ts";
import { connectionCases, exchangeCases, grpcAnswer, keysAnswer } from "./exchange-cases.ts";

let module: Uint8Array;
beforeAll(async () => {
  module = await compile(example("probe"));
});

test.each(conformanceCases)("$title", async ({ headers = [], probe, answer }) => {
  const host = await createHost(module);
  const stream = host.startPlugin({ rootId: "probe" }).stream();
  const pseudo = [
    [":authority", "a"],
    [":path", "/p"],
    [":method", "GET"],
    [":scheme", "http"],
  ] as const;
  const { localReply } = stream.requestHeaders([...pseudo, ["x-probe", probe], ...headers], { endOfStream: true });
  expect(localReply?.status).toBe(200);
  expect(Buffer.from(localReply?.body ?? []).toString()).toBe(answer);
});

test("a body is read by range and changed at both ends, not in the middle", async () => {
  const stream = (await createHost(module)).startPlugin({ rootId: "probe" }).stream();
  stream.requestHeaders([
    [":path", "/p"],
    ["x-probe", "body"],
  ]);
  stream.requestBody("abc");
  const { localReply } = stream.requestBody("def", { endOfStream: true });
  expect(Buffer.from(localReply?.body ?? []).toString()).toBe(bodyAnswer);
});

test.each(exchangeCases)("$title", async ({ headers, chunks, trailers, seen }) => {
  const plugin = (await createHost(module, { clusters: ["keys"] })).startPlugin({ rootId: "probe" });
  const stream = plugin.stream();
  stream.requestHeaders([[":method", "POST"], [":path", "/p"], ...headers]);
  const waiting = plugin.calls[0];
  if (waiting?.kind === "grpc call") waiting.message(grpcAnswer);
  else waiting?.respond({ headers: [[":status", "200"]], body: keysAnswer });
  const lines = Object.entries(trailers);
  const bodies = chunks.map((chunk, index) => {
    const endOfStream = lines.length === 0 && index === chunks.length - 1;
    return Buffer.from(stream.requestBody(chunk, { endOfStream }).body).toString();
  });
  const call = stream.headers("request").find(([name]) => name === "x-t-call")?.[1];
  const kept = lines.length === 0 ? [] : stream.requestTrailers(lines).headers;
  const found = {
    body: bodies.join(""),
    trailers: Object.fromEntries(kept),
    call: String(call ?? "").replace(/^\d+ /, ""),
  };
  // The host gives a held body to the step that lets it go; a step of trailers has no place for one.
  expect(found).toEqual(lines.length === 0 ? seen : { ...seen, body: "" });
});

test("ticks come again and again", async () => {
  const host = await createHost(module);
  const plugin = host.startPlugin({ rootId: "probe", configuration: "tick" });
  host.tick(30);
  const { localReply } = plugin.stream().requestHeaders([
    [":path", "/p"],
    ["x-probe", "get-shared:ticks"],
  ]);
  expect(Buffer.from(localReply?.body ?? []).toString()).toBe("0[3]\n");
});

test.each(connectionCases)("TCP: $title", async ({ sent, back }) => {
  const host = await createHost(module);
  const connection = host.startPlugin({ rootId: "echo" }).connection();
  connection.open();
  expect(connection.downstreamData(sent.slice(0, 1)).body).toHaveLength(0);
  const { body } = connection.downstreamData(sent.slice(1));
  expect(Buffer.from(connection.upstreamData(body).body).toString()).toBe(back);
});

test("variables of the VM's environment are given over", async () => {
  const host = await createHost(module, { environment: { ONE: "1", EMPTY: "" } });
  const { localReply } = host
    .startPlugin({ rootId: "probe" })
    .stream()
    .requestHeaders([
      [":path", "/p"],
      ["x-probe", "environment"],
    ]);
  expect(Buffer.from(localReply?.body ?? []).toString()).toBe(environmentAnswer);
});
